#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ado {

/// Walks one JSON text and takes out chosen members without building a document: a file's text is most of its
/// answer, and one pass over it is all this spends. Strict about what it reads; what it skips need only be
/// balanced. Never recurses.
class JsonScanner {
public:
    explicit JsonScanner(std::string_view text) noexcept;

    enum class Kind { object, array, string, number, boolean, null, invalid };
    /// Of the value that comes next.
    Kind peek() noexcept;

    /// All return false on malformed text or another kind of value; after that failed() is true and nothing
    /// more is read.
    bool enter_object() noexcept;
    /// The next member's name; false at the end of the object (failed() is false then).
    bool next_member(std::string& name);
    bool read_string(std::string& out);
    bool read_int(std::int64_t& out) noexcept;
    bool read_bool(bool& out) noexcept;
    bool skip() noexcept;
    /// Nothing but white space follows.
    bool at_end() noexcept;

    bool failed() const noexcept { return failed_; }
    std::size_t position() const noexcept { return at_; }

private:
    void skip_space() noexcept;
    bool fail() noexcept;
    bool skip_string() noexcept;
    bool skip_literal() noexcept;
    bool escape(std::string& out);
    bool hex4(unsigned& out) noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    bool first_member_ = false;
    bool failed_ = false;
};

} // namespace ado
