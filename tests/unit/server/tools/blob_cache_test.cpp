#include "server/tools/blob_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using server::BlobCache;

std::string const kOwner = "contoso\npat\nada";

std::string object_id(char c) {
    return std::string(40, c);
}

ado::FileItem text_file(char id, std::string content) {
    ado::FileItem item;
    item.object_id = object_id(id);
    item.content = std::move(content);
    item.has_content = true;
    return item;
}

TEST(BlobCache, FindsATextUnderItsOwnerOnly) {
    BlobCache blobs(100'000, 10'000);
    blobs.put(kOwner, text_file('a', "text"));
    ASSERT_NE(blobs.find(kOwner, object_id('a')), nullptr);
    EXPECT_EQ(*blobs.find(kOwner, object_id('A')), "text") << "ids are compared without case";
    EXPECT_EQ(blobs.find("contoso\npat\nbo", object_id('a')), nullptr);
    EXPECT_EQ(blobs.find("fabrikam\npat\nada", object_id('a')), nullptr);
    EXPECT_EQ(blobs.find("", object_id('a')), nullptr);
}

TEST(BlobCache, KeepsOnlyWholeTextsWithinTheFileSize) {
    BlobCache blobs(100'000, 100);
    ado::FileItem binary = text_file('b', "x");
    binary.is_binary = true;
    ado::FileItem folder = text_file('c', "x");
    folder.is_folder = true;
    ado::FileItem metadata = text_file('d', "");
    metadata.has_content = false;
    ado::FileItem odd = text_file('e', "x");
    odd.object_id = "77aa";
    for (ado::FileItem const& item : {binary,
                                      folder,
                                      metadata,
                                      odd,
                                      text_file('f', std::string(101, 'x')),
                                      text_file('0', std::string("a\0b", 3))}) {
        blobs.put(kOwner, item);
    }
    blobs.put("", text_file('1', "nobody's"));
    EXPECT_EQ(blobs.size(), 0U);
    EXPECT_EQ(blobs.bytes(), 0U) << "nothing is taken before the first entry";
}

TEST(BlobCache, StaysWithinItsBytesAndDropsWhatWasUsedLeast) {
    BlobCache blobs(4'000, 2'000);
    blobs.put(kOwner, text_file('a', std::string(1'000, 'a')));
    blobs.put(kOwner, text_file('b', std::string(1'000, 'b')));
    ASSERT_NE(blobs.find(kOwner, object_id('a')), nullptr);
    BlobCache::Text const held = blobs.find(kOwner, object_id('b'));
    ASSERT_NE(blobs.find(kOwner, object_id('a')), nullptr);
    blobs.put(kOwner, text_file('c', std::string(1'900, 'c')));
    EXPECT_LE(blobs.bytes(), 4'000U);
    EXPECT_EQ(blobs.find(kOwner, object_id('b')), nullptr);
    EXPECT_NE(blobs.find(kOwner, object_id('c')), nullptr);
    EXPECT_EQ(held->size(), 1'000U) << "who reads it keeps it";
    for (int i = 0; i < 1'000; ++i) {
        ado::FileItem item = text_file('0', "some text");
        item.object_id.replace(0, 4, std::to_string(1'000 + i));
        blobs.put_name(kOwner, item, "name " + std::to_string(i));
        ASSERT_LE(blobs.bytes(), 4'000U);
    }
    EXPECT_FALSE(blobs.knows_name("name 0")) << "names go with their texts";
    EXPECT_TRUE(blobs.knows_name("name 999"));
}

TEST(BlobCache, KeepsNothingWithoutBytes) {
    BlobCache blobs(0, 10'000);
    blobs.put_name(kOwner, text_file('a', "text"), "name");
    EXPECT_EQ(blobs.size(), 0U);
    EXPECT_FALSE(blobs.knows_name("name"));
}

} // namespace
