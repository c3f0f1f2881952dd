#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// What went wrong, as coarse as a caller has to branch on it. Each kind is mapped once to every outer
/// surface (tool result, HTTP status, log level) in server/router/error_surface.cpp.
enum class ErrorKind {
    cancelled,        ///< the caller went away
    timeout,          ///< a deadline passed
    network,          ///< connect, read or write failed
    tls,              ///< handshake or certificate verification failed
    protocol,         ///< the peer's bytes are not what the protocol allows
    unauthorized,     ///< no credential, or the credential was refused (401, sign-in page, AADSTS)
    forbidden,        ///< the identity is known and may not do this
    not_found,        ///< does not exist, or is not visible to this identity
    conflict,         ///< a concurrent or repeated write
    rate_limited,     ///< the upstream asked to slow down
    invalid_argument, ///< the caller's input is wrong
    overloaded,       ///< this daemon is at a limit of its own
    upstream,         ///< the upstream failed on its side
    internal,         ///< a bug, or the machine failed (disk full)
};

std::string_view to_string(ErrorKind kind) noexcept;

/// An error that may be shown: `message`, `code`, `fix` and `activity_id` are written for a person or a model
/// and hold no secret. `detail` is for logs only.
class Error {
public:
    Error(ErrorKind kind, std::string message);
    Error(Error const&) = default;
    Error(Error&&) noexcept = default;
    Error& operator=(Error const&) = default;
    /// Safe against itself: `error = std::move(error).with_code(…)` is how an error gets one more attribute.
    Error& operator=(Error&& other) noexcept;
    ~Error() = default;

    ErrorKind kind() const noexcept { return kind_; }
    /// What failed and why, one or two sentences.
    std::string const& message() const noexcept { return message_; }
    /// What the reader can do about it; may be empty.
    std::string const& fix() const noexcept { return fix_; }
    /// A stable code: the upstream's (TF401320, AADSTS700082) or this program's own (snake_case); may be
    /// empty.
    std::string const& code() const noexcept { return code_; }
    /// The upstream's correlation or activity id; may be empty.
    std::string const& activity_id() const noexcept { return activity_id_; }
    std::string const& detail() const noexcept { return detail_; }
    /// HTTP status of the upstream's answer, 0 when there was none.
    int status() const noexcept { return status_; }
    std::optional<std::chrono::seconds> retry_after() const noexcept { return retry_after_; }
    /// True when it is certain that the upstream did not act on the request (refused before it was looked at,
    /// or never sent). A write may then be repeated safely; when false its outcome is unknown.
    bool not_sent() const noexcept { return not_sent_; }

    Error&& with_message(std::string message) &&;
    Error&& with_fix(std::string fix) &&;
    Error&& with_code(std::string code) &&;
    Error&& with_activity_id(std::string id) &&;
    Error&& with_detail(std::string detail) &&;
    Error&& with_status(int status) &&;
    Error&& with_retry_after(std::chrono::seconds wait) &&;
    Error&& with_not_sent(bool not_sent = true) &&;

private:
    ErrorKind kind_;
    int status_ = 0;
    bool not_sent_ = false;
    std::optional<std::chrono::seconds> retry_after_;
    std::string message_;
    std::string fix_;
    std::string code_;
    std::string activity_id_;
    std::string detail_;
};

/// One line for logs: kind, code, message, detail.
std::string describe(Error const& error);

} // namespace core
