// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/serving_request.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::cloudsim {
namespace {

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};

/// A CertificateSigningRequest for `names` in OpenSSL's notation ("IP:127.0.0.1,DNS:a").
Json request_for(const char* organization, const char* names) {
  const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509_REQ, Freed<X509_REQ, X509_REQ_free>> request(X509_REQ_new());
  X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  const auto add = [&](const char* field, const char* value) {
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value),
                               -1, -1, 0);
  };
  add("O", organization);
  add("CN", "system:node:n");
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  sk_X509_EXTENSION_push(extensions, extension);
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_set_pubkey(request.get(), key.get());
  X509_REQ_sign(request.get(), key.get(), EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_REQ(bio, request.get());
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  const std::string pem(text, static_cast<std::size_t>(length));
  BIO_free(bio);
  return {{"metadata", {{"name", "metaserver-csr-n"}}},
          {"spec",
           {{"request", net::base64(pem)},
            {"signerName", "kubernetes.io/kubelet-serving"},
            {"usages", {"digital signature", "key encipherment", "server auth"}}}}};
}

std::string refusal(const Json& request) {
  std::string why;
  return approvable(request, why) ? "" : why;
}

TEST(ServingRequestTest, ItsNamesGoIntoTheCertificate) {
  std::string why;
  const auto wanted = approvable(request_for("system:nodes", "IP:127.0.0.1,IP:fd00::1,DNS:edge"), why);
  ASSERT_TRUE(wanted) << why;
  EXPECT_EQ(wanted->ip_addresses, (std::vector<std::string>{"127.0.0.1", "fd00::1"}));
  EXPECT_EQ(wanted->dns_names, std::vector<std::string>{"edge"});
}

TEST(ServingRequestTest, WhatCloudCoreDoesNotApproveStaysAsItIs) {
  EXPECT_NE(refusal(request_for("strangers", "IP:127.0.0.1")), "");
  EXPECT_NE(refusal(request_for("system:nodes", "email:a@b.example,IP:127.0.0.1")), "");
  Json request = request_for("system:nodes", "IP:127.0.0.1");
  EXPECT_EQ(refusal(request), "");
  request["spec"]["usages"] = {"digital signature", "server auth"};
  EXPECT_EQ(refusal(request), "");
  request["spec"]["usages"].push_back("client auth");
  EXPECT_NE(refusal(request), "");
  request["spec"]["signerName"] = "kubernetes.io/kube-apiserver-client";
  EXPECT_NE(refusal(request), "");
}

TEST(ServingRequestTest, GarbageIsBadInput) {
  Json request = request_for("system:nodes", "IP:127.0.0.1");
  request["spec"]["request"] = net::base64("nothing");
  std::string why;
  EXPECT_THROW(approvable(request, why), BadInput);
}

}  // namespace
}  // namespace edgecore::cloudsim
