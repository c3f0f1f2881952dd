#include "core/net/resolver.hpp"
#include "core/net/tls.hpp"
#include "support/loopback_server.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/test_ca.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace {

using core::ByteStream;
using core::Deadline;
using core::ErrorKind;
using core::Result;
using core::Task;
using test::Loop;
using StreamPtr = std::unique_ptr<ByteStream>;

Deadline in_ms(int count) {
    return Deadline::at(std::chrono::steady_clock::now() + std::chrono::milliseconds(count));
}

Task<void> never_answer(ByteStream& stream, std::size_t) {
    std::array<char, 4096> scratch{};
    while (true) {
        Result<std::size_t> const count = co_await stream.read_some(core::asio::buffer(scratch));
        if (!count || *count == 0) {
            co_return;
        }
    }
}

Task<void> close_at_once(ByteStream& stream, std::size_t) {
    co_await stream.close();
}

Task<void> echo(ByteStream& stream, std::size_t) {
    std::string bytes(64 * 1024, '\0');
    while (true) {
        Result<std::size_t> const count = co_await stream.read_some(core::asio::buffer(bytes));
        if (!count || *count == 0) {
            break;
        }
        std::string part = bytes.substr(0, *count);
        co_await test::write_text(stream, std::move(part));
    }
    co_await stream.close();
}

Task<core::asio::ip::tcp::socket> connect_to(std::uint16_t port) {
    auto const executor = co_await core::asio::this_coro::executor;
    core::asio::ip::tcp::socket socket(executor);
    core::asio::ip::tcp::endpoint const endpoint(core::asio::ip::address_v4::loopback(), port);
    auto [ec] = co_await socket.async_connect(endpoint, core::tok);
    EXPECT_FALSE(ec);
    co_return socket;
}

Task<Result<std::string>> read_exactly(ByteStream& stream, std::size_t size) {
    std::string text(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        Result<std::size_t> const count =
            co_await stream.read_some(core::asio::buffer(text.data() + done, size - done));
        if (!count) {
            co_return core::fail(count.error());
        }
        if (*count == 0) {
            text.resize(done);
            break;
        }
        done += *count;
    }
    co_return text;
}

/// The same expectations for both kinds of stream.
class StreamTest : public testing::TestWithParam<bool> {
protected:
    StreamTest() {
        auto const leaf = ca.issue("localhost", "DNS:localhost,IP:127.0.0.1");
        tls_server = std::move(*core::make_tls_server(leaf.certificate_file, leaf.key_file));
        tls_client = std::move(*core::make_tls_client(ca.ca_file()));
    }

    core::TlsServer* server_tls() { return GetParam() ? tls_server.get() : nullptr; }

    StreamPtr open(test::LoopbackServer& server) {
        auto socket = loop.run(connect_to(server.port()));
        if (!GetParam()) {
            return core::make_tcp_stream(std::move(socket));
        }
        auto stream =
            loop.run(tls_client->handshake(std::move(socket), "localhost", server.port(), in_ms(4000)));
        EXPECT_TRUE(stream.has_value());
        return std::move(*stream);
    }

    test::TestCa ca;
    Loop loop;
    std::unique_ptr<core::TlsServer> tls_server;
    std::unique_ptr<core::TlsClient> tls_client;
};

TEST_P(StreamTest, CarriesManyPartsOfEverySizeBothWays) {
    test::LoopbackServer server(loop, echo, server_tls());
    StreamPtr const stream = open(server);
    std::vector<std::string> texts;
    std::string all;
    for (std::size_t const size : {0U, 1U, 300U, 16'384U, 0U, 40'000U, 5U, 16'383U, 2U}) {
        texts.emplace_back(size, static_cast<char>('a' + texts.size()));
        all += texts.back();
    }
    std::vector<core::asio::const_buffer> parts;
    for (std::string const& text : texts) {
        parts.push_back(core::asio::buffer(text));
    }
    EXPECT_TRUE(loop.run(stream->write(parts)).has_value());
    EXPECT_EQ(loop.run(read_exactly(*stream, all.size())).value(), all);
}

TEST_P(StreamTest, WritesMoreThanTheKernelBuffers) {
    test::LoopbackServer server(loop, echo, server_tls());
    StreamPtr const stream = open(server);
    std::string const large(8'000'000, 'x');
    core::asio::const_buffer const buffer = core::asio::buffer(large);
    std::span<core::asio::const_buffer const> const buffers(&buffer, 1);
    auto reading = loop.spawn(read_exactly(*stream, large.size()));
    EXPECT_TRUE(loop.run(stream->write(buffers)).has_value());
    loop.wait(reading);
    EXPECT_EQ(reading.take().value().size(), large.size());
}

TEST_P(StreamTest, ADeadlineEndsAReadFromAMutePeer) {
    test::LoopbackServer server(loop, never_answer, server_tls());
    StreamPtr const stream = open(server);
    stream->set_deadline(in_ms(20));
    auto const started = std::chrono::steady_clock::now();
    auto const read = loop.run(read_exactly(*stream, 1));
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().kind(), ErrorKind::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
    // Dead from then on, whatever the deadline.
    stream->set_deadline(Deadline::never());
    EXPECT_FALSE(loop.run(read_exactly(*stream, 1)).has_value());
}

TEST_P(StreamTest, ADeadlineEndsAWriteToAPeerThatDoesNotRead) {
    Loop& where = loop;
    core::Event end;
    auto deaf = [&end](ByteStream&, std::size_t) {
        return [](core::Event& until) -> Task<void> {
            static_cast<void>(co_await until.wait(Deadline::never()));
        }(end);
    };
    test::LoopbackServer server(where, deaf, server_tls());
    StreamPtr const stream = open(server);
    stream->set_deadline(in_ms(30));
    std::string const large(64'000'000, 'x');
    core::asio::const_buffer const buffer = core::asio::buffer(large);
    std::span<core::asio::const_buffer const> const buffers(&buffer, 1);
    auto const written = loop.run(stream->write(buffers));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().kind(), ErrorKind::timeout);
    EXPECT_FALSE(written.error().not_sent());
    end.set();
}

TEST_P(StreamTest, AMovedDeadlineHolds) {
    test::LoopbackServer server(loop, never_answer, server_tls());
    StreamPtr const stream = open(server);
    stream->set_deadline(in_ms(3000));
    auto reading = loop.spawn(read_exactly(*stream, 1));
    loop.poll();
    stream->set_deadline(in_ms(10)); // earlier, while an operation runs
    loop.wait(reading);
    EXPECT_EQ(reading.take().error().kind(), ErrorKind::timeout);
}

TEST_P(StreamTest, CancellationEndsAReadAtOnce) {
    test::LoopbackServer server(loop, never_answer, server_tls());
    StreamPtr const stream = open(server);
    auto reading = loop.spawn(read_exactly(*stream, 1));
    loop.poll();
    EXPECT_FALSE(reading.done());
    reading.cancel();
    loop.poll();
    ASSERT_TRUE(reading.done());
    EXPECT_EQ(reading.take().error().kind(), ErrorKind::cancelled);
}

TEST_P(StreamTest, AbortEndsAReadAtOnce) {
    test::LoopbackServer server(loop, never_answer, server_tls());
    StreamPtr const stream = open(server);
    auto reading = loop.spawn(read_exactly(*stream, 1));
    loop.poll();
    stream->abort();
    loop.poll();
    ASSERT_TRUE(reading.done());
    EXPECT_FALSE(reading.take().has_value());
}

TEST_P(StreamTest, TellsAPeerThatClosedFromOneThatIsThereOrSpoke) {
    {
        test::LoopbackServer server(loop, close_at_once, server_tls());
        StreamPtr const stream = open(server);
        loop.run_until([&] { return stream->peer_closed(); });
        EXPECT_TRUE(stream->peer_closed());
    }
    auto speak = [](ByteStream& stream, std::size_t) { return test::write_text(stream, "x"); };
    {
        test::LoopbackServer server(loop, speak, server_tls());
        StreamPtr const stream = open(server);
        loop.poll();
        EXPECT_FALSE(stream->peer_closed());
        EXPECT_EQ(loop.run(read_exactly(*stream, 1)).value(), "x"); // it was not eaten
    }
    test::LoopbackServer server(loop, never_answer, server_tls());
    StreamPtr const stream = open(server);
    loop.poll();
    EXPECT_FALSE(stream->peer_closed());
}

TEST_P(StreamTest, IsStaleOnlyWhenThePeerClosedOrSpoke) {
    {
        test::LoopbackServer server(loop, never_answer, server_tls());
        StreamPtr const stream = open(server);
        loop.poll();
        // Session tickets have arrived by now where this is TLS: they make nothing stale.
        EXPECT_FALSE(stream->is_stale());
        EXPECT_FALSE(stream->is_stale());
    }
    test::LoopbackServer server(loop, close_at_once, server_tls());
    StreamPtr const stream = open(server);
    loop.run_until([&] { return stream->peer_closed(); });
    EXPECT_TRUE(stream->peer_closed());
    EXPECT_TRUE(stream->is_stale());
}

TEST_P(StreamTest, CloseIsSeenAsAnOrderlyEnd) {
    test::LoopbackServer server(loop, close_at_once, server_tls());
    StreamPtr const stream = open(server);
    auto const read = loop.run(read_exactly(*stream, 1));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, "");
}

INSTANTIATE_TEST_SUITE_P(Plain, StreamTest, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Tls, StreamTest, testing::Values(true));

class TlsTest : public testing::Test {
protected:
    std::unique_ptr<core::TlsServer> server_with(test::TestCa& authority, std::string const& names) {
        auto const leaf = authority.issue("server", names);
        auto made = core::make_tls_server(leaf.certificate_file, leaf.key_file);
        EXPECT_TRUE(made.has_value());
        return std::move(*made);
    }
    Result<StreamPtr>
    connect(core::TlsClient& client, test::LoopbackServer& server, std::string const& host) {
        auto socket = loop.run(connect_to(server.port()));
        return loop.run(client.handshake(std::move(socket), host, server.port(), in_ms(4000)));
    }

    Loop loop;
    test::TestCa ca;
};

TEST_F(TlsTest, AcceptsACertificateForTheNameOrTheAddress) {
    auto const tls = server_with(ca, "DNS:localhost,DNS:*.example.test,IP:127.0.0.1,IP:::1");
    test::LoopbackServer server(loop, never_answer, tls.get());
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    for (std::string const host : {"localhost", "a.example.test", "127.0.0.1", "::1", "localhost."}) {
        SCOPED_TRACE(host);
        auto const stream = connect(*client, server, host);
        EXPECT_TRUE(stream.has_value()) << stream.error().message();
    }
}

TEST_F(TlsTest, RefusesACertificateForAnotherNameOrAddress) {
    auto const tls = server_with(ca, "DNS:localhost,IP:127.0.0.2");
    test::LoopbackServer server(loop, never_answer, tls.get());
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    for (std::string const host : {"example.test", "127.0.0.1", "localhost.evil.test", "xlocalhost"}) {
        SCOPED_TRACE(host);
        auto const stream = connect(*client, server, host);
        ASSERT_FALSE(stream.has_value());
        EXPECT_EQ(stream.error().kind(), ErrorKind::tls);
        EXPECT_EQ(stream.error().code(), "certificate_refused");
        EXPECT_TRUE(stream.error().not_sent());
    }
}

TEST_F(TlsTest, RefusesACertificateOfAnUnknownAuthority) {
    test::TestCa other("Other CA");
    auto const tls = server_with(other, "DNS:localhost");
    test::LoopbackServer server(loop, never_answer, tls.get());
    for (bool const private_ca : {true, false}) {
        std::optional<std::string> file;
        if (private_ca) {
            file = ca.ca_file();
        }
        auto const client = std::move(*core::make_tls_client(file));
        auto const stream = connect(*client, server, "localhost");
        ASSERT_FALSE(stream.has_value());
        EXPECT_EQ(stream.error().kind(), ErrorKind::tls);
        EXPECT_NE(stream.error().message().find("localhost"), std::string::npos);
        EXPECT_EQ(client->handshakes(), 0U);
    }
}

/// SHA-1 of the certificate in a PEM file, as Service Fabric writes it.
std::string thumbprint_of(std::string const& file, char const* between) {
    std::unique_ptr<BIO, int (*)(BIO*)> const bio(BIO_new_file(file.c_str(), "r"), BIO_free);
    std::unique_ptr<X509, void (*)(X509*)> const certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EXPECT_EQ(X509_digest(certificate.get(), EVP_sha1(), digest, &size), 1);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        char part[3];
        std::snprintf(part, sizeof(part), "%02X", digest[i]);
        text += (text.empty() ? "" : between) + std::string(part);
    }
    return text;
}

TEST_F(TlsTest, APinnedClientTakesTheOneCertificateWhateverItsNameAndIssuer) {
    auto const leaf = ca.issue("server", "DNS:another.example");
    auto const tls = std::move(*core::make_tls_server(leaf.certificate_file, leaf.key_file));
    test::LoopbackServer server(loop, never_answer, tls.get());
    for (char const* const between : {"", ":"}) {
        auto const client =
            std::move(*core::make_pinned_tls_client(thumbprint_of(leaf.certificate_file, between)));
        EXPECT_TRUE(connect(*client, server, "127.0.0.1").has_value()) << between;
    }
}

TEST_F(TlsTest, APinnedClientRefusesEveryOtherCertificate) {
    auto const expected = ca.issue("server", "DNS:localhost");
    auto const shown = ca.issue("server", "DNS:localhost");
    auto const tls = std::move(*core::make_tls_server(shown.certificate_file, shown.key_file));
    test::LoopbackServer server(loop, never_answer, tls.get());
    auto const client =
        std::move(*core::make_pinned_tls_client(thumbprint_of(expected.certificate_file, "")));
    auto const stream = connect(*client, server, "localhost");
    ASSERT_FALSE(stream.has_value());
    EXPECT_EQ(stream.error().kind(), ErrorKind::tls);
    EXPECT_EQ(stream.error().code(), "certificate_refused");
}

TEST_F(TlsTest, AThumbprintIsFortyHexadecimalDigits) {
    for (std::string const& text : {std::string(),
                                    std::string("AB"),
                                    std::string(39, 'a'),
                                    std::string(41, 'a'),
                                    std::string(40, 'g'),
                                    std::string(64, 'a')}) {
        auto const client = core::make_pinned_tls_client(text);
        ASSERT_FALSE(client.has_value()) << text;
        EXPECT_EQ(client.error().kind(), ErrorKind::invalid_argument);
    }
}

TEST_F(TlsTest, AMutePeerEndsTheHandshakeAtTheDeadline) {
    test::LoopbackServer server(loop, never_answer);
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    auto socket = loop.run(connect_to(server.port()));
    auto const stream = loop.run(client->handshake(std::move(socket), "localhost", server.port(), in_ms(20)));
    ASSERT_FALSE(stream.has_value());
    EXPECT_EQ(stream.error().kind(), ErrorKind::timeout);
}

TEST_F(TlsTest, APeerThatSpeaksNoTlsIsATlsError) {
    auto speak = [](ByteStream& stream, std::size_t) {
        return test::write_text(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
    };
    test::LoopbackServer server(loop, speak);
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    auto const stream = connect(*client, server, "localhost");
    ASSERT_FALSE(stream.has_value());
    EXPECT_EQ(stream.error().kind(), ErrorKind::tls);
}

TEST_F(TlsTest, ResumesTheSessionOfAConnectionThatWasJustDropped) {
    auto const tls = server_with(ca, "DNS:localhost");
    test::LoopbackServer server(loop, echo, tls.get());
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    for (std::size_t round = 0; round < 4; ++round) {
        auto stream = connect(*client, server, "localhost");
        ASSERT_TRUE(stream.has_value());
        EXPECT_EQ(client->resumed(), round);
        loop.run(test::write_text(**stream, "x")); // the tickets come before the answer
        EXPECT_EQ(loop.run(read_exactly(**stream, 1)).value(), "x");
    }
    EXPECT_EQ(client->handshakes(), 4U);
}

TEST_F(TlsTest, SessionsAreNotSharedBetweenOrigins) {
    auto const tls = server_with(ca, "DNS:localhost,DNS:other.test");
    test::LoopbackServer server(loop, echo, tls.get());
    auto const client = std::move(*core::make_tls_client(ca.ca_file()));
    for (std::string const host : {"localhost", "other.test"}) {
        auto stream = connect(*client, server, host);
        ASSERT_TRUE(stream.has_value());
        loop.run(test::write_text(**stream, "x"));
        EXPECT_EQ(loop.run(read_exactly(**stream, 1)).value(), "x");
    }
    EXPECT_EQ(client->resumed(), 0U);
}

TEST_F(TlsTest, ReloadServesTheNewCertificateAndKeepsTheOldOneOnError) {
    test::TestCa other("Other CA");
    test::TempDir dir;
    auto const copy = [&](test::TestCa::Leaf const& leaf) {
        namespace fs = std::filesystem;
        fs::copy_file(leaf.certificate_file, dir.path() / "cert.pem", fs::copy_options::overwrite_existing);
        fs::copy_file(leaf.key_file, dir.path() / "key.pem", fs::copy_options::overwrite_existing);
    };
    copy(ca.issue("server", "DNS:localhost"));
    auto const tls = std::move(
        *core::make_tls_server((dir.path() / "cert.pem").string(), (dir.path() / "key.pem").string()));
    test::LoopbackServer server(loop, echo, tls.get());
    auto const old_client = std::move(*core::make_tls_client(ca.ca_file()));
    auto const new_client = std::move(*core::make_tls_client(other.ca_file()));
    EXPECT_TRUE(connect(*old_client, server, "localhost").has_value());
    EXPECT_FALSE(connect(*new_client, server, "localhost").has_value());

    dir.write("key.pem", "no key");
    EXPECT_FALSE(tls->reload().has_value());
    EXPECT_TRUE(connect(*old_client, server, "localhost").has_value());

    copy(other.issue("server", "DNS:localhost"));
    EXPECT_TRUE(tls->reload().has_value());
    EXPECT_TRUE(connect(*new_client, server, "localhost").has_value());
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreRefusedByName) {
    test::TempDir dir;
    std::string const empty = dir.write("empty.pem", "");
    auto const no_ca = core::make_tls_client(empty);
    ASSERT_FALSE(no_ca.has_value());
    EXPECT_NE(no_ca.error().message().find(empty), std::string::npos);
    EXPECT_FALSE(core::make_tls_client(dir.path().string() + "/absent.pem").has_value());
    auto const one = ca.issue("one", "DNS:localhost");
    auto const two = ca.issue("two", "DNS:localhost");
    auto const mismatch = core::make_tls_server(one.certificate_file, two.key_file);
    ASSERT_FALSE(mismatch.has_value());
    EXPECT_NE(mismatch.error().message().find(two.key_file), std::string::npos);
}

/// A look-up that blocks until the test lets it go.
class Gate {
public:
    void open() {
        std::lock_guard const lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

class ResolverTest : public testing::Test {
protected:
    ~ResolverTest() override {
        gate.open();
        pool.join();
        loop.poll();
    }
    std::unique_ptr<core::Resolver> make(core::LookUp look_up) {
        return core::make_resolver(loop.executor(), pool, clock, std::move(look_up));
    }
    std::vector<core::asio::ip::address> const addresses{core::asio::ip::make_address("192.0.2.7")};
    Gate gate;
    test::ManualClock clock;
    Loop loop;
    core::BlockingPool pool{1};
};

TEST_F(ResolverTest, LiteralsNeedNoLookUp) {
    auto const resolver = make([](std::string const&) -> Result<std::vector<core::asio::ip::address>> {
        ADD_FAILURE() << "looked up";
        return core::fail(ErrorKind::network, "no");
    });
    auto const v4 = loop.run(resolver->resolve("192.0.2.1", 443, Deadline::never()));
    EXPECT_EQ(v4.value().at(0).port(), 443);
    EXPECT_TRUE(loop.run(resolver->resolve("::1", 443, Deadline::never())).value().at(0).address().is_v6());
}

TEST_F(ResolverTest, AsksTheSystemForLocalhost) {
    auto const resolver = core::make_resolver(loop.executor(), pool, clock);
    auto const found = loop.run(resolver->resolve("localhost", 80, Deadline::never()));
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(found->at(0).address().is_loopback());
}

TEST_F(ResolverTest, ADeadlineHoldsWhileTheLookUpBlocks) {
    int look_ups = 0;
    auto const resolver = make([&](std::string const&) -> Result<std::vector<core::asio::ip::address>> {
        ++look_ups;
        gate.pass();
        return addresses;
    });
    auto const late = loop.run(resolver->resolve("slow.test", 80, in_ms(10)));
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
    EXPECT_TRUE(late.error().not_sent());
    // The look-up went on; whoever comes now gets its answer.
    auto second = loop.spawn(resolver->resolve("slow.test", 80, Deadline::never()));
    loop.poll();
    EXPECT_FALSE(second.done());
    gate.open();
    loop.wait(second);
    EXPECT_EQ(second.take().value().at(0).address().to_string(), "192.0.2.7");
    EXPECT_EQ(look_ups, 1);
}

TEST_F(ResolverTest, KeepsAnswersAndRefreshesOldOnesBehindTheCallersBack) {
    int look_ups = 0;
    gate.open();
    auto const resolver = make([&](std::string const&) -> Result<std::vector<core::asio::ip::address>> {
        ++look_ups;
        return addresses;
    });
    EXPECT_TRUE(loop.run(resolver->resolve("a.test", 80, Deadline::never())).has_value());
    clock.advance(std::chrono::seconds(29));
    EXPECT_TRUE(loop.run(resolver->resolve("a.test", 80, Deadline::never())).has_value());
    EXPECT_EQ(look_ups, 1);
    clock.advance(std::chrono::seconds(2));
    EXPECT_TRUE(loop.run(resolver->resolve("a.test", 80, Deadline::never())).has_value());
    pool.join();
    loop.poll();
    EXPECT_EQ(look_ups, 2);
}

TEST_F(ResolverTest, AFailureIsToldAndNotKept) {
    int look_ups = 0;
    auto const resolver = make([&](std::string const&) -> Result<std::vector<core::asio::ip::address>> {
        if (++look_ups == 1) {
            return core::fail(ErrorKind::network, "Name or service not known");
        }
        return addresses;
    });
    auto const failed = loop.run(resolver->resolve("a.test", 80, Deadline::never()));
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().message(), "cannot resolve a.test: Name or service not known");
    EXPECT_TRUE(loop.run(resolver->resolve("a.test", 80, Deadline::never())).has_value());
}

} // namespace
