#pragma once

#include <string>
#include <string_view>

namespace server {

inline constexpr std::string_view kKnowledgeScheme = "ado-knowledge://";

/// The resource of a knowledge source; its name needs no encoding.
inline std::string knowledge_uri(std::string_view source) {
    std::string uri(kKnowledgeScheme);
    uri += source;
    return uri;
}

} // namespace server
