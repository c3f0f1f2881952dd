target_sources(server_lib PRIVATE
  router/connector.cpp
  router/connector_factory.cpp
  router/credential_check.cpp
  router/credential_service.cpp
  router/error_surface.cpp
  router/journal_guard.cpp
  router/list_organizations.cpp
  router/organization_directory.cpp
  router/routed_tool.cpp)
