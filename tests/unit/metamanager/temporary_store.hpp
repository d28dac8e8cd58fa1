// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "edgecore/store/info.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/store.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metamanager {

/// A store in a temporary directory, removed with the object.
class TemporaryStore {
 public:
  TemporaryStore() { open(); }
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;
  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }
  void reopen() {
    store_.reset();
    open();
  }

  void put(const std::string& key, const std::string& type, const std::string& value) {
    store_->write([=](store::Transaction& into) { store::meta::upsert(into, {key, type, value}); });
  }
  [[nodiscard]] std::string value(const std::string& key) const {
    const auto reader = store_->open_reader();
    const auto row = store::meta::find(reader, key);
    return row ? row->value : std::string();
  }

 private:
  void open() {
    store::Options options;
    options.path = dir_ / "edgecore.db";
    store_ = std::make_unique<store::Store>(options);
  }
  edgecore::test::TemporaryDirectory dir_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace edgecore::metamanager
