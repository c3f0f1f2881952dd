# The schema the program validates with is the published one, compiled in.
set(schema_file ${CMAKE_SOURCE_DIR}/deploy/config.schema.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema_file})
file(READ ${schema_file} ADO_MCPD_CONFIG_SCHEMA)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/config/config_schema.cpp.in
               ${CMAKE_CURRENT_BINARY_DIR}/config_schema.cpp @ONLY)

target_sources(server_lib PRIVATE
  ${CMAKE_CURRENT_BINARY_DIR}/config_schema.cpp
  config/config.cpp
  config/config_checks.cpp
  config/config_problem.cpp
  config/config_reader.cpp
  config/config_section.cpp
  config/config_yaml.cpp
  config/connector_name.cpp
  config/effective_config.cpp
  config/environment.cpp
  config/expiry.cpp
  config/inbound_config.cpp
  config/limits_table.cpp
  config/load_config.cpp
  config/private_file.cpp
)
