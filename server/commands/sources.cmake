target_sources(server_lib PRIVATE
  commands/call.cpp
  commands/check.cpp
  commands/command_run.cpp
  commands/expires_option.cpp
  commands/login.cpp
  commands/pat.cpp
  commands/secret_input.cpp
  commands/serve.cpp
  commands/stdio.cpp
  commands/table.cpp
  commands/token.cpp
  commands/version.cpp
)
