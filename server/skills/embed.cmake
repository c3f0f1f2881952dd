# The skills as they stand here are compiled in. SKILL.md first, in the order in which they are published.
set(skill_files
  filing-incident-bugs/SKILL.md
  filing-incident-bugs/references/description.md
  filing-incident-bugs/references/refusals.md
  finding-code-behind-errors/SKILL.md
  finding-code-behind-errors/references/query-language.md
  cross-tenant-setup/SKILL.md
  cross-tenant-setup/references/errors.md
  cross-tenant-setup/references/managed-identity.md
)
set(skill_source "#include \"server/tools/shipped_skills.hpp\"\n\n// Generated from server/skills when the build is configured.\nnamespace server {\n\nstd::vector<ShippedFile> const& shipped_files() {\n    static std::vector<ShippedFile> const files{\n")
foreach(skill_file IN LISTS skill_files)
  set(skill_path ${CMAKE_CURRENT_SOURCE_DIR}/skills/${skill_file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${skill_path})
  file(READ ${skill_path} skill_text)
  string(APPEND skill_source "        {\"${skill_file}\", R\"skill_text(${skill_text})skill_text\"},\n")
endforeach()
string(APPEND skill_source "    };\n    return files;\n}\n\n} // namespace server\n")
ado_mcpd_embed(shipped_skills_text.cpp "${skill_source}")
