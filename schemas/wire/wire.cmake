# SPDX-License-Identifier: LGPL-2.1-or-later
# The wire: generated at build time from the tables in this folder.
set(WIRE_TABLES ${CMAKE_CURRENT_LIST_DIR})
set(WIRE_OUT ${PROJECT_BINARY_DIR}/generated)
set(WIRE_GENERATED
  ${WIRE_OUT}/schemas/wire/types.h ${WIRE_OUT}/schemas/wire/enums.h
  ${WIRE_OUT}/schemas/wire/table.h ${WIRE_OUT}/schemas/wire/table.c
  ${WIRE_OUT}/api/handlers.h ${WIRE_OUT}/api/programs.inc ${WIRE_OUT}/api/event_table.h
  ${WIRE_OUT}/api/event_table.inc ${WIRE_OUT}/clients/vireo/procedures.h
  ${WIRE_OUT}/clients/libvireo_procedures.inc ${WIRE_OUT}/clients/vireo/wire_types.h)
add_custom_command(
  OUTPUT ${WIRE_GENERATED}
  COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/generate.py ${WIRE_TABLES} ${WIRE_OUT}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/generate.py ${CMAKE_CURRENT_LIST_DIR}/generate_api.py
          ${CMAKE_CURRENT_LIST_DIR}/tables.py ${WIRE_TABLES}/procedures.tsv ${WIRE_TABLES}/types.tsv
          ${WIRE_TABLES}/limits.tsv ${WIRE_TABLES}/errors.tsv ${WIRE_TABLES}/enums.tsv ${WIRE_TABLES}/features.tsv
  COMMENT "Writing the wire's codec, dispatch rows and client stubs")
add_custom_target(wire_generated DEPENDS ${WIRE_GENERATED})
