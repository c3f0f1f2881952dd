#pragma once

#include "core/http/http_message.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <string>

namespace core {

/// Beast's parser with our own message as its target: fields and body go straight where they are kept.
/// Internal to core/http.
template <bool IsRequest>
class MessageParser final : public boost::beast::http::basic_parser<IsRequest> {
public:
    MessageParser(HttpHeaders& headers, std::string& body, std::size_t max_fields)
        : headers_(headers), body_(body), fields_left_(max_fields) {}

    std::string method;
    std::string target;
    int version = 11;
    int status = 0;
    bool too_many_fields = false;
    bool has_transfer_encoding = false;

private:
    using Error = boost::beast::error_code;
    using Text = boost::beast::string_view;

    void
    on_request_impl(boost::beast::http::verb, Text method_text, Text target_text, int http, Error&) override {
        method.assign(method_text.data(), method_text.size());
        target.assign(target_text.data(), target_text.size());
        version = http;
    }
    void on_response_impl(int code, Text, int http, Error&) override {
        status = code;
        version = http;
    }
    void on_field_impl(boost::beast::http::field field, Text name, Text value, Error& ec) override {
        if (fields_left_ == 0) {
            too_many_fields = true;
            ec = boost::beast::http::error::header_limit;
            return;
        }
        --fields_left_;
        if (!in_body_) { // trailers are dropped: nothing we speak uses them
            has_transfer_encoding |= field == boost::beast::http::field::transfer_encoding;
            headers_.add({name.data(), name.size()}, {value.data(), value.size()});
        }
    }
    void on_header_impl(Error&) override { in_body_ = true; }
    void on_body_init_impl(boost::optional<std::uint64_t> const& length, Error&) override {
        if (length) {
            body_.reserve(static_cast<std::size_t>(*length)); // the parser has checked the limit
        }
    }
    std::size_t on_body_impl(Text bytes, Error&) override {
        body_.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Error&) override {
        body_.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_finish_impl(Error&) override {}

    HttpHeaders& headers_;
    std::string& body_;
    std::size_t fields_left_;
    bool in_body_ = false;
};

/// True when the raw head (or trailer) holds a folded line: obsolete, and read differently by different
/// programs.
bool has_folded_line(std::string_view head) noexcept;

} // namespace core
