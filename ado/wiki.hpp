#pragma once

#include <cstdint>
#include <string>

namespace ado {

class Wiki {
public:
    Wiki() = default;

    std::string id;
    std::string name;
    std::string project_id;
    std::string repository_id;
    std::string type;        ///< projectWiki | codeWiki
    std::string mapped_path; ///< folder of the repository that is the wiki
    std::string version;     ///< branch
};

class WikiPage {
public:
    WikiPage() = default;

    std::int64_t id = 0;
    std::string path; ///< `/Home/Set-up`
    std::string git_item_path;
    std::string remote_url;
    std::string content;      ///< UTF-8
    bool has_content = false; ///< false when the answer carried none
};

} // namespace ado
