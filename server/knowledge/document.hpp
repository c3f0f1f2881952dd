#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// A part of a document under one heading; long ones come in several.
class Section {
public:
    std::string heading;        ///< with those above it: `Rollback > Steps`; empty before the first one
    std::string anchor;         ///< of the heading, as wiki links write it
    std::size_t first_line = 0; ///< from 1
    std::size_t last_line = 0;
    std::string text;
};

class Document {
public:
    std::string title; ///< the first heading, when the document begins with one
    std::vector<Section> sections;
};

/// Whether a file is of one of the formats that are indexed, by its name.
bool is_indexed_format(std::string_view path) noexcept;

/// Takes a clean text (UTF-8, lines end in `\n`) apart by its headings, as the format of `path` writes them.
Document split_document(std::string_view path, std::string_view text);

/// What a file's bytes say, as UTF-8: UTF-16 by its byte order mark, anything else as UTF-8. Empty for what
/// is no text.
std::string decode_document(std::string bytes);

} // namespace server
