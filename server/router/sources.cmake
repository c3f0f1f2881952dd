target_sources(server_lib PRIVATE
  router/ado_completion.cpp
  router/ado_resources.cpp
  router/ado_uri.cpp
  router/connector.cpp
  router/connector_factory.cpp
  router/connector_watch.cpp
  router/credential_check.cpp
  router/credential_service.cpp
  router/error_surface.cpp
  router/journal_guard.cpp
  router/list_organizations.cpp
  router/name_lists.cpp
  router/organization_directory.cpp
  router/organization_report.cpp
  router/routed_tool.cpp
  router/sign_in_question.cpp
  router/write_confirmation.cpp)
