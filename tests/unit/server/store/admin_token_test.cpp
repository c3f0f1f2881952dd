#include "store_test_support.hpp"

#include "auth/agent_token.hpp"
#include "core/crypto/digest.hpp"
#include "server/config/private_file.hpp"
#include "server/store/admin_token.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace {

class AdminTokenTest : public test::StoreFixture {
protected:
    std::optional<std::string> ensure(server::StateStore& store) {
        return get(server::ensure_admin_token(store, clock_, options().path));
    }
};

TEST_F(AdminTokenTest, FirstStartLeavesOneAdministratorTokenBesideTheStore) {
    auto const store = open();
    auto const file = ensure(*store);
    ASSERT_TRUE(file);
    EXPECT_EQ(*file, server::admin_token_path(options().path));
    EXPECT_EQ(*file, folder_.path("state/admin-token"));
    auto const token = server::read_private_file(*file);
    ASSERT_TRUE(token) << token.error().message();
    auto const parts = auth::parse_agent_token(token->expose());
    ASSERT_TRUE(parts);
    auto const record = get(store->find_agent_token(std::string(parts->id)));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->role, core::Role::administrator);
    EXPECT_EQ(record->secret_sha256, core::sha256(parts->secret));
}

TEST_F(AdminTokenTest, LaterStartsMakeNoneEvenWhenAllAreRevoked) {
    auto const store = open();
    auto const file = ensure(*store);
    ASSERT_TRUE(file);
    EXPECT_FALSE(ensure(*store));
    get(store->revoke_agent_token(get(store->list_agent_tokens()).at(0).id));
    std::filesystem::remove(*file);
    EXPECT_FALSE(ensure(*store));
    EXPECT_FALSE(std::filesystem::exists(*file));
}

TEST_F(AdminTokenTest, FileLeftByACrashBeforeTheRecordIsReplaced) {
    auto const store = open();
    folder_.write("state/admin-token", "of a start that crashed");
    auto const file = ensure(*store);
    ASSERT_TRUE(file);
    EXPECT_FALSE(server::read_private_file(*file)->equals("of a start that crashed"));
}

TEST_F(AdminTokenTest, FileThatOthersCanReadIsRefused) {
    auto const store = open();
    auto const file = ensure(*store);
    ASSERT_TRUE(file);
    ::chmod(file->c_str(), 0644);
    EXPECT_EQ(error_of(server::ensure_admin_token(*store, clock_, options().path)).code(), "mode_too_open");
    std::filesystem::remove(*file);
    std::filesystem::create_symlink("/etc/hostname", *file);
    EXPECT_EQ(error_of(server::ensure_admin_token(*store, clock_, options().path)).code(), "symbolic_link");
}

TEST_F(AdminTokenTest, FileThatCannotBeWrittenLeavesNoTokenBehind) {
    auto const store = open();
    std::filesystem::create_directory(folder_.path("state/admin-token"));
    error_of(server::ensure_admin_token(*store, clock_, options().path));
    EXPECT_TRUE(get(store->list_agent_tokens()).empty());
}

} // namespace
