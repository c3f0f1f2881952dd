#include "server/router/connector_watch.hpp"

#include "connected.hpp"

namespace {

using protocol::ChangeEvent;

class Heard final : public protocol::ChangeHub::Listener {
public:
    void changed(ChangeEvent const& event) override {
        events.push_back(event.kind == ChangeEvent::Kind::resources ? "list" : event.key);
    }
    std::vector<std::string> take() { return std::exchange(events, {}); }
    std::vector<std::string> events;
};

class ConnectorWatchTest : public testing::Test {
protected:
    ConnectorWatchTest() { hub_.add(heard_); }
    ~ConnectorWatchTest() override { hub_.remove(heard_); }

    test::Connected at_;
    protocol::ChangeHub hub_;
    Heard heard_;
};

using Events = std::vector<std::string>;

TEST_F(ConnectorWatchTest, TellsWhenKnowledgeSourcesComeOrGo) {
    at_.connect("contoso");
    server::ConnectorWatch watch(at_.directory, hub_, at_.clock);
    at_.directory.set_sources({{at_.directory.all().front()->organization().key(), {"runbooks"}}});
    watch.look();
    EXPECT_EQ(heard_.take(), Events{"list"});
    watch.look();
    EXPECT_EQ(heard_.take(), Events());
    at_.directory.set_sources({});
    watch.look();
    EXPECT_EQ(heard_.take().back(), "list");
}

TEST_F(ConnectorWatchTest, TellsOfAStateThatChanged) {
    auto& provider = at_.connect("contoso");
    at_.connect("fabrikam");
    server::ConnectorWatch watch(at_.directory, hub_, at_.clock);
    watch.look();
    EXPECT_EQ(heard_.take(), Events());
    provider.refuse(auth::ProviderState::sign_in_required, "ran out");
    watch.look();
    EXPECT_EQ(heard_.take(), Events{"ado://contoso"});
    watch.look();
    EXPECT_EQ(heard_.take(), Events());
}

TEST_F(ConnectorWatchTest, TellsOfConnectorsThatComeAndGo) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), [](ado::Organization organization) {
        server::Connector::Settings settings;
        settings.name = organization.key();
        return std::make_shared<server::Connector>(
            settings, std::move(organization), std::vector<server::ConnectorProvider>());
    });
    server::ConnectorWatch watch(directory, hub_, at_.clock);
    ASSERT_TRUE(directory.find_or_make("contoso"));
    watch.look();
    EXPECT_EQ(heard_.take(), Events{"list"});
    directory.remove_undeclared("contoso");
    watch.look();
    EXPECT_EQ(heard_.take(), (Events{"ado://contoso", "list"}));
    watch.look();
    EXPECT_EQ(heard_.take(), Events());
}

TEST_F(ConnectorWatchTest, LooksEverySecondUntilItIsCancelled) {
    auto& provider = at_.connect("contoso");
    server::ConnectorWatch watch(at_.directory, hub_, at_.clock);
    auto running = at_.loop.spawn(watch.run());
    at_.loop.poll();
    provider.refuse(auth::ProviderState::expired, "expired");
    at_.clock.advance(std::chrono::seconds(1));
    at_.loop.poll();
    EXPECT_EQ(heard_.take(), Events{"ado://contoso"});
    EXPECT_FALSE(running.done());
    running.cancel();
    at_.loop.wait(running);
}

} // namespace
