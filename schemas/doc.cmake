# SPDX-License-Identifier: LGPL-2.1-or-later
# The described documents: the engine, the tables of domain and network, and their RELAX NG written out at build time.
target_sources(schemas PRIVATE
  doc_format.c doc_known.c doc_life.c doc_message.c doc_parse.c doc_raw.c doc_rng.c doc_types.c doc_xml.c
  network_check_forward.c network_def.c network_doc.c network_known.c network_port_doc.c
  network_update.c network_validate.c storage_doc.c
  chardev_doc.c device_doc.c disk_doc.c domain_def.c domain_doc.c domain_fill.c domain_known.c domain_metadata.c
  domain_post_parse.c domain_validate.c domain_words.c graphics_doc.c interface_doc.c machine_doc.c)
target_link_libraries(schemas PUBLIC PkgConfig::LIBXML)

add_executable(doc_rng_tool doc_rng_tool.c)
target_link_libraries(doc_rng_tool PRIVATE schemas base)
set(rng_files)
foreach(document domain network networkport storagepool storagevol)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${document}.rng
    COMMAND doc_rng_tool ${document} ${CMAKE_CURRENT_BINARY_DIR}/${document}.rng
    DEPENDS doc_rng_tool VERBATIM)
  list(APPEND rng_files ${CMAKE_CURRENT_BINARY_DIR}/${document}.rng)
endforeach()
add_custom_target(doc_rng ALL DEPENDS ${rng_files})
install(FILES ${rng_files} DESTINATION ${CMAKE_INSTALL_DATADIR}/vireo/schemas)
