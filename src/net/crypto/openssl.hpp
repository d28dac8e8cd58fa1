// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "edgecore/net/tls.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::net {

/// Owners for OpenSSL's objects.
template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using OpenSslPtr = std::unique_ptr<T, OpenSslFree<Free>>;

using BioPtr = OpenSslPtr<BIO, BIO_free_all>;
using KeyPtr = OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using X509Ptr = OpenSslPtr<X509, X509_free>;
using RequestPtr = OpenSslPtr<X509_REQ, X509_REQ_free>;
using NamePtr = OpenSslPtr<X509_NAME, X509_NAME_free>;
using GeneralNamesPtr = OpenSslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using StorePtr = OpenSslPtr<X509_STORE, X509_STORE_free>;
using StoreContextPtr = OpenSslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;
using SslPtr = OpenSslPtr<SSL, SSL_free>;
using SslContextPtr = OpenSslPtr<SSL_CTX, SSL_CTX_free>;

struct PrivateKey::Impl {
  KeyPtr key;
};
struct Certificate::Impl {
  X509Ptr x509;
};
struct CertificateRequest::Impl {
  RequestPtr request;
};
struct TlsContext::Impl {
  SslContextPtr context;
  bool verify_host = false;
};

/// The bytes of `data` as OpenSSL's functions take them.
inline const unsigned char* openssl_bytes(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}
/// A memory BIO over `data`, which must outlive it.
BioPtr read_bio(std::string_view data);
/// Text of the oldest error in OpenSSL's queue, or "no reason given"; empties the queue.
std::string take_openssl_error();
/// Makes our Certificate of the object; takes its own reference.
Certificate share_certificate(X509* x509);

}  // namespace edgecore::net
