// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/names.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edgecore::kube {
namespace {

struct Rule {
  const char* title;
  bool (*holds)(std::string_view);
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(NamesTest, EveryRuleTakesItsGoodAndRefusesItsBad) {
  const std::string a63(63, 'a');
  const std::string a64(64, 'a');
  const std::string a253(253, 'a');
  const Rule rules[] = {
      {"label",
       is_dns_label,
       {"a", "0", "web-1", a63},
       {"", "-a", "a-", "A", "a.b", "a_b", "a/b", a64, "ä", "a\n"}},
      {"subdomain",
       is_dns_subdomain,
       {"a", "a.b-c.d", "0.1", a253, "kube-root-ca.crt"},
       {"", ".a", "a.", "a..b", "a.-b", "a-.b", "A", "a_b", a253 + "a", "../x", "a/b"}},
      {"service", is_service_name, {"a", "a1-b"}, {"", "1a", "-a", "a-", "A"}},
      {"qualified",
       is_qualified_name,
       {"a", "A_b.c-d", "kubernetes.io/hostname", "x/" + a63},
       {"", "/", "/a", "a/", "a/b/c", "-a", "a-", "A.b/c", "x/" + a64, a253 + "a/b", "a b"}},
      {"label value", is_label_value, {"", "a", "A_b.c-d", "1", a63}, {"-a", "a-", "a/b", a64, " ", "."}},
      {"segment",
       is_path_segment,
       {"a", "system:node", "a b", "..."},
       {"", ".", "..", "a/b", "a%2fb", std::string("a\0b", 3), "a\n", "\x7f"}},
      {"config key",
       is_config_key,
       {"a", "ca.crt", ".dockerconfigjson", "A_1", a253},
       {"", ".", "..", "..data", "a/b", "a b", a253 + "a"}},
      {"env",
       is_env_name,
       {"A", "a.b-c_1", "_", "-x", ".a"},
       {"", "1a", ".", "..", "..a", "a=b", "a b", "a/b"}},
  };
  for (const Rule& rule : rules) {
    for (const auto& name : rule.good) EXPECT_TRUE(rule.holds(name)) << rule.title << ": " << name;
    for (const auto& name : rule.bad) EXPECT_FALSE(rule.holds(name)) << rule.title << ": " << name;
  }
}

}  // namespace
}  // namespace edgecore::kube
