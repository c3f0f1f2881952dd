# The OpenAPI document as it stands here is compiled in.
set(openapi_file ${CMAKE_CURRENT_SOURCE_DIR}/front/rest/openapi.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${openapi_file})
file(READ ${openapi_file} openapi_text)
set(openapi_source "#include \"server/front/rest/openapi.hpp\"\n\n// Generated from server/front/rest/openapi.json when the build is configured.\nnamespace server {\n\nstd::string_view openapi_text() noexcept {\n    return R\"openapi(${openapi_text})openapi\";\n}\n\n} // namespace server\n")
ado_mcpd_embed(openapi_text.cpp "${openapi_source}")
