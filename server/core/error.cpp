#include "core/error.hpp"

#include <utility>

namespace core {

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
    case ErrorKind::cancelled:
        return "cancelled";
    case ErrorKind::timeout:
        return "timeout";
    case ErrorKind::network:
        return "network";
    case ErrorKind::tls:
        return "tls";
    case ErrorKind::protocol:
        return "protocol";
    case ErrorKind::unauthorized:
        return "unauthorized";
    case ErrorKind::forbidden:
        return "forbidden";
    case ErrorKind::not_found:
        return "not_found";
    case ErrorKind::conflict:
        return "conflict";
    case ErrorKind::rate_limited:
        return "rate_limited";
    case ErrorKind::invalid_argument:
        return "invalid_argument";
    case ErrorKind::overloaded:
        return "overloaded";
    case ErrorKind::upstream:
        return "upstream";
    case ErrorKind::internal:
        return "internal";
    }
    return "internal";
}

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

Error& Error::operator=(Error&& other) noexcept {
    if (this != &other) {
        kind_ = other.kind_;
        status_ = other.status_;
        not_sent_ = other.not_sent_;
        retry_after_ = other.retry_after_;
        message_ = std::move(other.message_);
        fix_ = std::move(other.fix_);
        code_ = std::move(other.code_);
        activity_id_ = std::move(other.activity_id_);
        detail_ = std::move(other.detail_);
    }
    return *this;
}

Error&& Error::with_message(std::string message) && {
    message_ = std::move(message);
    return std::move(*this);
}

Error&& Error::with_fix(std::string fix) && {
    fix_ = std::move(fix);
    return std::move(*this);
}

Error&& Error::with_code(std::string code) && {
    code_ = std::move(code);
    return std::move(*this);
}

Error&& Error::with_activity_id(std::string id) && {
    activity_id_ = std::move(id);
    return std::move(*this);
}

Error&& Error::with_detail(std::string detail) && {
    detail_ = std::move(detail);
    return std::move(*this);
}

Error&& Error::with_status(int status) && {
    status_ = status;
    return std::move(*this);
}

Error&& Error::with_retry_after(std::chrono::seconds wait) && {
    retry_after_ = wait;
    return std::move(*this);
}

Error&& Error::with_not_sent(bool not_sent) && {
    not_sent_ = not_sent;
    return std::move(*this);
}

std::string describe(Error const& error) {
    std::string line(to_string(error.kind()));
    if (!error.code().empty()) {
        line += " [" + error.code() + "]";
    }
    line += ": " + error.message();
    if (!error.detail().empty()) {
        line += " (" + error.detail() + ")";
    }
    return line;
}

} // namespace core
