// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/collection.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "edgecore/base/error.hpp"

namespace edgecore::metaserver {
namespace {

ObjectPtr object(const std::string& name, std::uint64_t version, const std::string& uid = "",
                 const std::string& data = "") {
  Json made = {{"kind", "ConfigMap"}, {"apiVersion", "v1"}};
  made["metadata"] = {{"name", name},
                      {"namespace", "default"},
                      {"uid", uid.empty() ? "uid-" + name : uid},
                      {"resourceVersion", std::to_string(version)}};
  if (!data.empty()) made["data"]["k"] = data;
  return CachedObject::make(made.dump());
}

kube::ApiResourcePtr config_maps() {
  auto resource = std::make_shared<kube::ApiResource>();
  resource->version = "v1";
  resource->plural = "configmaps";
  resource->kind = "ConfigMap";
  resource->list_kind = "ConfigMapList";
  return resource;
}

/// What a client that follows from a position sees: "ADDED a@5", ….
std::vector<std::string> seen_from(const Collection& collection, Collection::Position position) {
  constexpr const char* kNames[] = {"ADDED", "MODIFIED", "DELETED", "MARK"};
  std::vector<std::string> seen;
  while (const Event* event = collection.next(position))
    seen.push_back(std::string(kNames[static_cast<int>(event->type)]) + " " +
                   std::string(event->object->name()) + "@" + std::to_string(event->object->version()));
  return seen;
}
using Seen = std::vector<std::string>;

class CollectionTest : public ::testing::Test {
 protected:
  CollectionTest() {
    collection.loaded(1);
    collection.set_position_sent();
  }
  Seen behind(std::uint64_t version) {
    const auto position = collection.behind(version);
    return position ? seen_from(collection, *position) : Seen{"410"};
  }
  Collection collection{config_maps()};
};

TEST_F(CollectionTest, AnObjectOnlyGrowsNewer) {
  EXPECT_TRUE(collection.store(object("a", 5)));
  EXPECT_FALSE(collection.store(object("a", 5)));
  EXPECT_FALSE(collection.store(object("a", 4)));
  EXPECT_TRUE(collection.store(object("a", 6)));
  EXPECT_EQ(collection.find("default", "a")->version(), 6U);
  EXPECT_EQ(behind(1), (Seen{"ADDED a@5", "MODIFIED a@6"}));
}

// Changes of different objects come out of order: what a client has seen is no "everything up to".
TEST_F(CollectionTest, AWatchResumesBehindTheLastEventItSawWhateverTheVersions) {
  collection.store(object("b", 105));
  collection.store(object("a", 100));
  collection.store(object("c", 107));
  EXPECT_EQ(behind(105), (Seen{"ADDED a@100", "ADDED c@107"}));
  EXPECT_EQ(behind(100), (Seen{"ADDED c@107"}));
  EXPECT_EQ(behind(107), Seen());
  EXPECT_EQ(behind(103), Seen{"410"}) << "103 was never seen here";
}

TEST_F(CollectionTest, AVersionFromElsewhereContinuesAboveIt) {
  collection.store(object("a", 10));
  const auto position = collection.behind(20);
  ASSERT_TRUE(position);
  collection.store(object("b", 15));
  collection.store(object("c", 21));
  EXPECT_EQ(seen_from(collection, *position), Seen{"ADDED c@21"});
}

// The orphan deletes of CloudCore's sync controller have no version.
TEST_F(CollectionTest, ADeletionWithoutAVersionTakesOneThatNoObjectHas) {
  collection.store(object("a", 5));
  collection.store(object("b", 6));
  EXPECT_TRUE(collection.remove("default", "a", "uid-a", 0));
  EXPECT_EQ(behind(5), (Seen{"ADDED b@6", "DELETED a@7"}));
  EXPECT_EQ(behind(6), Seen{"DELETED a@7"});
  EXPECT_EQ(behind(7), Seen());
  EXPECT_EQ(collection.resume_version(), 7U);
}

TEST_F(CollectionTest, AnObjectMadeAnewIsNewerThanItsDeletionWhateverElseWasSeenBefore) {
  collection.store(object("a", 5, "one"));
  collection.store(object("b", 20));
  EXPECT_TRUE(collection.remove("default", "a", "one", 0));
  EXPECT_TRUE(collection.store(object("a", 7, "two")));
  EXPECT_EQ(behind(5), (Seen{"ADDED b@20", "DELETED a@6", "ADDED a@7"}));
  EXPECT_EQ(behind(6), Seen{"ADDED a@7"});
}

TEST_F(CollectionTest, ADeletionWithTheLastVersionOfTheObjectIsOneWithoutAVersion) {
  collection.store(object("a", 5, "one"));
  collection.store(object("b", 20));
  EXPECT_TRUE(collection.remove("default", "a", "one", 5));
  EXPECT_TRUE(collection.store(object("a", 7, "two")));
  EXPECT_EQ(behind(20), (Seen{"DELETED a@6", "ADDED a@7"}));
}

TEST_F(CollectionTest, NoVersionOfANameDecreasesWhenManyAreMadeAnewOutOfOrder) {
  // Each name is deleted at 10k + 1 and made anew at 10k + 2; the news come newest first within a round.
  constexpr std::uint64_t kNames = 5, kRounds = 40;
  const auto name = [](std::uint64_t at) { return "n" + std::to_string(at); };
  const auto uid = [&](std::uint64_t at, std::uint64_t round) {
    return name(at) + "-" + std::to_string(round);
  };
  auto position = collection.now();
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    for (std::uint64_t at = kNames; at-- > 0;) {
      const std::uint64_t base = round * 100 + at * 10;
      if (round > 1)
        collection.remove("default", name(at), uid(at, round - 1), round % 3 == 0 ? base + 1 : 0);
      EXPECT_TRUE(collection.store(object(name(at), base + 2, uid(at, round))));
    }
  }
  std::map<std::string, std::uint64_t> last;
  std::uint64_t events = 0;
  while (const Event* event = collection.next(position)) {
    const std::string of(event->object->name());
    EXPECT_LT(last[of], event->object->version()) << of;
    last[of] = event->object->version();
    EXPECT_TRUE(event->is_resumable());
    ++events;
  }
  EXPECT_EQ(events, kNames * (2 * kRounds - 1));
}

// A client that has the version may be behind either event: what it has seen is not known.
TEST_F(CollectionTest, AVersionThatCameToStandForTwoPositionsIsNone) {
  collection.store(object("a", 5));
  collection.store(object("b", 9));
  collection.remove("default", "a", "uid-a", 0);
  EXPECT_EQ(behind(6), Seen());
  collection.store(object("c", 6));  // late: the deletion had a version of its own that is not known
  EXPECT_EQ(behind(6), Seen{"410"});
  const std::uint64_t here = collection.resume_version();
  EXPECT_NE(here, 6U);
  EXPECT_EQ(behind(here), Seen());
  EXPECT_EQ(behind(9), (Seen{"DELETED a@6", "ADDED c@6"}));
  collection.store(object("d", 12));
  EXPECT_EQ(behind(here), Seen{"ADDED d@12"});
}

// Versions from before the collection was opened may be positions that clients of the process before have.
TEST_F(CollectionTest, TheDeletionOfAnOldObjectShowsItsLastVersionAndIsNamedByAnother) {
  Collection restarted(config_maps());
  restarted.load(object("a", 5));
  restarted.load(object("b", 9));
  restarted.loaded(9);
  restarted.mark(14);
  restarted.set_position_sent();
  auto position = restarted.now();
  EXPECT_TRUE(restarted.remove("default", "a", "uid-a", 0));
  const Event* event = restarted.next(position);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->object->version(), 5U);
  EXPECT_FALSE(event->is_resumable());
  EXPECT_FALSE(restarted.behind(5));
  EXPECT_EQ(restarted.resume_version(), 13U);
  EXPECT_TRUE(seen_from(restarted, *restarted.behind(13)).empty());
  EXPECT_EQ(seen_from(restarted, *restarted.behind(14)), Seen{"DELETED a@5"});
}

TEST_F(CollectionTest, WhereNoVersionIsLeftADeletionIsRepeatedRatherThanMissed) {
  Collection restarted(config_maps());
  restarted.load(object("a", 5));
  restarted.load(object("b", 9));
  restarted.loaded(9);
  restarted.set_position_sent();
  EXPECT_TRUE(restarted.remove("default", "a", "uid-a", 0));
  EXPECT_EQ(restarted.resume_version(), 9U);
  EXPECT_EQ(seen_from(restarted, *restarted.behind(9)), Seen{"DELETED a@5"});
  restarted.store(object("c", 12));
  EXPECT_TRUE(seen_from(restarted, *restarted.behind(12)).empty());
}

TEST_F(CollectionTest, BeforeAnybodyHasAPositionADeletionIsNotRepeated) {
  Collection restarted(config_maps());
  restarted.load(object("a", 5));
  restarted.loaded(9);
  EXPECT_TRUE(restarted.remove("default", "a", "uid-a", 0));
  restarted.set_position_sent();
  EXPECT_TRUE(seen_from(restarted, *restarted.behind(9)).empty());
}

// Deletions found by comparing lists: each is a position of its own, though only the list's version is known.
TEST_F(CollectionTest, DeletionsFoundByAListAreNotToldTwice) {
  for (const char* name : {"a", "b", "c"})
    collection.store(object(name, 10U + static_cast<std::uint64_t>(name[0] - 'a')));
  collection.store(object("d", 18));
  for (const char* name : {"a", "b", "c"})
    EXPECT_TRUE(collection.remove_missing(*collection.find("default", name), 20));
  collection.mark(20);
  EXPECT_EQ(behind(18), (Seen{"DELETED a@20", "DELETED b@19", "DELETED c@17"}));
  EXPECT_EQ(behind(20), (Seen{"DELETED b@19", "DELETED c@17"}));
  EXPECT_EQ(behind(17), Seen());
  EXPECT_EQ(collection.resume_version(), 17U);
}

TEST_F(CollectionTest, AStateFromBeforeTheListThatLacksItsNameIsNoNews) {
  collection.store(object("a", 5, "one"));
  EXPECT_TRUE(collection.remove_missing(*collection.find("default", "a"), 20));
  EXPECT_FALSE(collection.store(object("a", 8, "two"))) << "made anew and deleted again before the list";
  EXPECT_TRUE(collection.store(object("a", 21, "three")));
  EXPECT_EQ(behind(5), (Seen{"DELETED a@20", "ADDED a@21"}));
}

TEST_F(CollectionTest, AListDoesNotDeleteWhatIsNewer) {
  collection.store(object("a", 5));
  EXPECT_FALSE(collection.remove_missing(*collection.find("default", "a"), 4));
  EXPECT_TRUE(collection.find("default", "a"));
}

// A client with a list of the cloud's has seen the deletions up to its version, and no later ones.
TEST_F(CollectionTest, AVersionFromElsewhereContinuesWithTheDeletionsAboveIt) {
  for (const char* name : {"a", "b", "c"})
    collection.store(object(name, 2U + static_cast<std::uint64_t>(name[0] - 'a')));
  const auto elsewhere = collection.behind(10);
  ASSERT_TRUE(elsewhere);
  EXPECT_TRUE(collection.remove_missing(*collection.find("default", "a"), 8));
  EXPECT_TRUE(collection.remove("default", "b", "uid-b", 12));
  auto position = *elsewhere;
  const Event* event = collection.next(position);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->object->name(), "b");
  EXPECT_TRUE(collection.remove("default", "c", "uid-c", 0));  // before the list or after it?
  EXPECT_EQ(collection.next(position), nullptr);
  EXPECT_TRUE(collection.lost(position));
}

TEST_F(CollectionTest, ADeletionWithAVersionIsAPosition) {
  collection.store(object("a", 5));
  EXPECT_TRUE(collection.remove("default", "a", "uid-a", 9));
  EXPECT_EQ(behind(5), Seen{"DELETED a@9"});
  EXPECT_EQ(behind(9), Seen());
  EXPECT_EQ(collection.resume_version(), 9U);
}

TEST_F(CollectionTest, WhatIsDeletedDoesNotComeBackByALateMessage) {
  collection.store(object("a", 5));
  collection.remove("default", "a", "uid-a", 0);
  EXPECT_FALSE(collection.store(object("a", 5)));
  EXPECT_FALSE(collection.remove("default", "x", "uid-x", 0));
  EXPECT_FALSE(collection.store(object("x", 3, "uid-x"))) << "its deletion overtook it";
  EXPECT_TRUE(collection.store(object("a", 8, "uid-of-another")));
}

TEST_F(CollectionTest, ADeletionOfAnotherOrOfAnOlderObjectDeletesNothing) {
  collection.store(object("a", 5));
  EXPECT_FALSE(collection.remove("default", "a", "uid-of-another", 0));
  EXPECT_FALSE(collection.remove("default", "a", "", 4));
  EXPECT_TRUE(collection.find("default", "a"));
  EXPECT_TRUE(collection.remove("default", "a", "uid-a", 4)) << "the uid decides";
}

TEST_F(CollectionTest, ASuccessorOfTheSameNameIsADeletionAndAnAddition) {
  collection.store(object("a", 5, "one"));
  collection.store(object("a", 8, "two"));
  EXPECT_EQ(behind(1), (Seen{"ADDED a@5", "DELETED a@7", "ADDED a@8"}));
}

TEST_F(CollectionTest, AListMovesThePositionWithoutAnEvent) {
  collection.store(object("a", 5));
  collection.mark(12);
  EXPECT_EQ(collection.resume_version(), 12U);
  EXPECT_EQ(behind(12), Seen());
  EXPECT_EQ(behind(5), Seen());
  collection.mark(5);  // as old as an event: that stays the position
  EXPECT_EQ(collection.resume_version(), 12U);
}

TEST_F(CollectionTest, TheRingIsBoundedAndSaysWhatItLost) {
  Collection small(config_maps(), {.events = 4, .old_bytes = 1 << 20, .deleted = 10});
  small.loaded(1);
  const auto start = small.now();
  for (std::uint64_t version = 2; version < 12; ++version) small.store(object("a", version));
  EXPECT_TRUE(small.lost(start));
  EXPECT_FALSE(small.behind(3));
  EXPECT_EQ(seen_from(small, *small.behind(10)), Seen{"MODIFIED a@11"});
}

TEST_F(CollectionTest, OldStatesInTheRingAreBoundedByBytes) {
  Collection small(config_maps(), {.events = 1000, .old_bytes = 4000, .deleted = 10});
  small.loaded(1);
  for (std::uint64_t version = 2; version < 100; ++version)
    small.store(object("a", version, "", std::string(1000, 'x')));
  EXPECT_FALSE(small.behind(50));
  EXPECT_TRUE(small.behind(99));
}

TEST_F(CollectionTest, ManyDeletionsAtOnePositionKeepTheRingBounded) {
  Collection small(config_maps(), {.events = 8, .old_bytes = 1 << 20, .deleted = 1000});
  small.loaded(1);
  for (int i = 0; i < 100; ++i)
    small.store(object("o" + std::to_string(i), 2 + static_cast<std::uint64_t>(i)));
  const auto before = small.now();
  for (int i = 0; i < 100; ++i) small.remove("default", "o" + std::to_string(i), "", 0);
  EXPECT_TRUE(small.lost(before));
  EXPECT_TRUE(small.behind(small.resume_version()));
}

// Events may have been stored and not sent before a restart, so a position of the life before is none.
TEST_F(CollectionTest, AVersionOfTheLifeBeforeIsNoPosition) {
  Collection restarted(config_maps());
  restarted.load(object("a", 5));
  restarted.load(object("b", 9));
  restarted.loaded(9);
  EXPECT_FALSE(restarted.behind(9));
  EXPECT_FALSE(restarted.behind(5));
  EXPECT_EQ(restarted.resume_version(), 9U);
  restarted.set_position_sent();  // somebody lists, and watches from there
  EXPECT_TRUE(restarted.behind(9));
}

TEST_F(CollectionTest, AnOverlayIsShownAndNotAnnounced) {
  collection.store(object("a", 5));
  const auto here = collection.now();
  EXPECT_TRUE(collection.overlay(object("a", 5, "", "newer")));
  EXPECT_EQ(collection.find("default", "a")->string_at({"data", "k"}), "newer");
  EXPECT_EQ(seen_from(collection, here), Seen());
  EXPECT_FALSE(collection.overlay(object("a", 4)));
  EXPECT_FALSE(collection.overlay(object("a", 5, "uid-of-another")));
}

TEST_F(CollectionTest, SubscribersHearOfEveryChange) {
  int changes = 0;
  const auto subscriber = collection.subscribe([&] { ++changes; });
  collection.store(object("a", 5));
  collection.store(object("a", 5));
  collection.remove("default", "a", "", 0);
  collection.unsubscribe(subscriber);
  collection.store(object("b", 6));
  EXPECT_EQ(changes, 2);
}

TEST(CachedObjectTest, KnowsWhereItsMembersAre) {
  const auto made = CachedObject::make(
      " {\"kind\":\"Pod\", "
      "\"metadata\":{\"labels\":{\"app\":\"x\"},\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u\","
      "\"resourceVersion\":\"7\"},\"spec\":{\"nodeName\":\"edge1\"}}\n");
  EXPECT_EQ(made->name(), "p");
  EXPECT_EQ(made->ns(), "ns");
  EXPECT_EQ(made->uid(), "u");
  EXPECT_EQ(made->version(), 7U);
  EXPECT_EQ(made->labels().at("app"), "x");
  EXPECT_EQ(made->string_at({"spec", "nodeName"}), "edge1");
  EXPECT_EQ(made->text().front(), '{');
  EXPECT_EQ(CachedObject::line(made)->back(), '\n');
  EXPECT_EQ(CachedObject::with_version(*made, 12)->version(), 12U);
}

TEST(CachedObjectTest, RefusesWhatIsNoObject) {
  for (const char* text :
       {"", "[]", "{}", "null", R"({"metadata":{}})", R"({"metadata":{"name":"a")", R"({"metadata":[]})",
        R"({"metadata":{"name":5}})", R"({"metadata":{"name":"a\u0000b"}})"})
    EXPECT_THROW(CachedObject::make(text), BadInput) << text;
}

}  // namespace
}  // namespace edgecore::metaserver
