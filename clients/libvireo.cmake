# SPDX-License-Identifier: LGPL-2.1-or-later
set(WIRE_OUT ${PROJECT_BINARY_DIR}/generated)
add_library(vireo SHARED libvireo.c libvireo_stream.c ${PROJECT_SOURCE_DIR}/base/alloc.c
  ${PROJECT_SOURCE_DIR}/schemas/wire/xdr.c ${PROJECT_SOURCE_DIR}/schemas/wire/packet.c
  ${WIRE_OUT}/schemas/wire/table.c)
add_dependencies(vireo wire_generated)
set_source_files_properties(${WIRE_OUT}/schemas/wire/table.c PROPERTIES GENERATED ON)
target_compile_options(vireo PRIVATE -fvisibility=hidden)
target_include_directories(vireo PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_LIST_DIR}> $<BUILD_INTERFACE:${WIRE_OUT}/clients>)
target_link_options(vireo PRIVATE -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/libvireo.map)
set_target_properties(vireo PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/libvireo.map)
configure_file(libvireo.pc.in ${PROJECT_BINARY_DIR}/libvireo.pc @ONLY)

install(TARGETS vireo LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES libvireo.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${WIRE_OUT}/schemas/wire/types.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vireo RENAME wire_types.h)
install(FILES ${WIRE_OUT}/clients/vireo/procedures.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vireo)
install(FILES ${PROJECT_BINARY_DIR}/libvireo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
