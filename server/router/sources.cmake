target_sources(server_lib PRIVATE
  router/connector.cpp
  router/connector_factory.cpp
  router/credential_check.cpp
  router/credential_service.cpp
  router/error_surface.cpp
  router/grant_proof.cpp
  router/journal_guard.cpp
  router/list_organizations.cpp
  router/organization_directory.cpp
  router/routed_tool.cpp
  router/sign_in_flows.cpp
  router/sign_in_redirect.cpp
  router/sign_in_service.cpp)
