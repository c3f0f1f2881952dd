#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace core {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

/// The one completion token: `auto [ec, n] = co_await op(tok);`. Leaves never throw.
inline constexpr auto tok = asio::as_tuple(asio::use_awaitable);

} // namespace core
