# SPDX-License-Identifier: LGPL-2.1-or-later
# The described documents: the engine, the tables of domain and network, and their RELAX NG written out at build time.
# A new device or part of the domain document is a new file here and a line in devices.def or parts.def.
file(GLOB domain_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/domain/*.c)
target_sources(schemas PRIVATE
  doc/format.c doc/known.c doc/memory.c doc/message.c doc/parse.c doc/raw.c doc/rng.c doc/types.c doc/xml.c
  network/check_forward.c network/def.c network/doc.c network/known.c network/port_doc.c
  network/update.c network/validate.c
  storage/doc.c
  ${domain_sources})
target_link_libraries(schemas PUBLIC PkgConfig::LIBXML)

add_executable(doc_rng_tool doc/rng_tool.c)
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
