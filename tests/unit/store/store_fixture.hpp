// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "edgecore/store/meta.hpp"
#include "edgecore/store/store.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::store {

/// A directory of its own for each test, and a store in it.
class StoreTest : public testing::Test {
 protected:
  [[nodiscard]] Options options() const {
    Options options;
    options.path = path_;
    return options;
  }

  edgecore::test::TemporaryDirectory dir_;
  std::filesystem::path path_ = dir_ / "edgecore.db";
};

/// Runs SQL as another program would, on a closed database. Returns the last row's first column.
inline std::string outside_sql(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  std::string last;
  const auto keep = [](void* out, int count, char** values, char** /*names*/) {
    if (count > 0 && values[0] != nullptr) *static_cast<std::string*>(out) = values[0];
    return 0;
  };
  char* complaint = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), keep, &last, &complaint), SQLITE_OK)
      << (complaint ? complaint : "");
  sqlite3_free(complaint);
  sqlite3_close(handle);
  return last;
}

inline meta::Row config_map(const std::string& name, const std::string& value) {
  return {"default/configmap/" + name, "configmap", value};
}

}  // namespace edgecore::store
