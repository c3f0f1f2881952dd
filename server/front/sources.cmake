target_sources(server_lib PRIVATE
  front/cors.cpp
  front/event_stream.cpp
  front/health.cpp
  front/host_policy.cpp
  front/http_exchange.cpp
  front/http_session.cpp
  front/http_target.cpp
  front/inbound_gate.cpp
  front/listener.cpp
  front/mcp_route.cpp
  front/problem.cpp
  front/request_stream.cpp
  front/rest/connectors.cpp
  front/rest/credentials.cpp
  front/rest/identity_request.cpp
  front/rest/openapi.cpp
  front/rest/pat_request.cpp
  front/rest/repos.cpp
  front/rest/rest_request.cpp
  front/rest/sign_in.cpp
  front/rest/sign_in_page.cpp
  front/routes.cpp
  front/session_registry.cpp
  front/stdio_session.cpp
)

include(${CMAKE_CURRENT_LIST_DIR}/rest/embed.cmake)
