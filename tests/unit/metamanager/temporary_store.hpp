// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "edgecore/store/info.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metamanager {

/// A store in a directory of its own, gone with the object.
class TemporaryStore {
 public:
  TemporaryStore() {
    std::string pattern = (std::filesystem::temp_directory_path() / "edgecore-meta-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    dir_ = pattern;
    open();
  }
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;
  ~TemporaryStore() {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
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
  std::filesystem::path dir_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace edgecore::metamanager
