// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/served_notes.hpp"

#include <gtest/gtest.h>

namespace edgecore::metamanager {
namespace {

using Removal = ServedNotes::Removal;

TEST(ServedNotes, AllChangesOfARowShareOneNoteWithItsRemovalsInOrder) {
  ServedNotes notes;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(notes.add("/core/v1/pods/default/a"));
  EXPECT_TRUE(notes.add("/core/v1/pods/default/b"));
  EXPECT_TRUE(notes.add("/core/v1/pods/default/a", Removal{"u1", "5"}));
  EXPECT_TRUE(notes.add("/core/v1/pods/default/a", Removal{"u2", "6"}));
  const auto first = notes.front();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, "/core/v1/pods/default/a");
  ASSERT_EQ(first->removals.size(), 2U);
  EXPECT_EQ(first->removals[0].uid, "u1");
  EXPECT_EQ(first->removals[1].uid, "u2");
  notes.told(*first);
  ASSERT_TRUE(notes.front());
  EXPECT_EQ(notes.front()->key, "/core/v1/pods/default/b");
  notes.told(*notes.front());
  EXPECT_TRUE(notes.empty());
}

TEST(ServedNotes, AChangeThatComesWhileANoteIsToldStaysNoted) {
  ServedNotes notes;
  EXPECT_TRUE(notes.add("k", Removal{"u1", ""}));
  const auto being_told = notes.front().value();
  EXPECT_TRUE(notes.add("k", Removal{"u2", ""}));
  notes.told(being_told);
  ASSERT_TRUE(notes.front());
  ASSERT_EQ(notes.front()->removals.size(), 1U);
  EXPECT_EQ(notes.front()->removals[0].uid, "u2");
  notes.told(*notes.front());
  EXPECT_TRUE(notes.empty());
}

TEST(ServedNotes, AreBoundedButTakeMoreChangesOfWhatIsNoted) {
  ServedNotes notes(2);
  EXPECT_TRUE(notes.add("a"));
  EXPECT_TRUE(notes.add("b"));
  EXPECT_FALSE(notes.add("c"));
  EXPECT_FALSE(notes.add("a", Removal{"u", ""}));
  EXPECT_TRUE(notes.add("a"));
  notes.told(*notes.front());
  EXPECT_TRUE(notes.add("c"));
}

}  // namespace
}  // namespace edgecore::metamanager
