if(ADO_MCPD_SANITIZE)
  add_compile_options(-fsanitize=${ADO_MCPD_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ADO_MCPD_SANITIZE})
  if(ADO_MCPD_SANITIZE MATCHES "undefined")
    # The vptr check asks the system for a pipe: it reports good objects as bad where a test has used up every descriptor.
    add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      # Its marks in front of functions break clang 14 in coroutines that are split over sections.
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
  if(ADO_MCPD_SANITIZE MATCHES "thread")
    # Asio's fences stand beside mutexes, which the sanitizer does see.
    add_compile_options(-Wno-tsan)
  endif()
endif()
