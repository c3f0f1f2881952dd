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
  front/rest/credentials.cpp
  front/rest/pat_request.cpp
  front/routes.cpp
  front/session_registry.cpp
)
