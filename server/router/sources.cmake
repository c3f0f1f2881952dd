target_sources(server_lib PRIVATE
)
