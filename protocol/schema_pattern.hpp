#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace protocol {

/// A `pattern`: the regular expressions of ECMA 262, run by RE2, whose time is linear whatever the pattern.
/// What RE2 cannot run (look-around, back references, more than 1000 repeats) is a failure. Immutable: may be
/// used by many threads at once.
class SchemaPattern {
public:
    explicit SchemaPattern(std::string_view text);
    SchemaPattern(SchemaPattern&&) noexcept;
    SchemaPattern& operator=(SchemaPattern&&) noexcept;
    ~SchemaPattern();

    /// Why it cannot be run; empty = it can.
    std::string const& failure() const noexcept { return failure_; }
    /// Anywhere in `subject`. false for subjects over kMaxPatternSubjectBytes.
    bool matches(std::string_view subject) const;

private:
    std::string failure_;
    std::unique_ptr<re2::RE2> engine_;
};

} // namespace protocol
