// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/x509.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

#include "edgecore/base/error.hpp"
#include "net/crypto/openssl.hpp"

namespace edgecore::net {

BioPtr read_bio(std::string_view data) {
  if (data.size() > 64UL * 1024 * 1024)
    throw BadInput("A certificate or key of more than 64 MiB is refused.");
  BioPtr bio(BIO_new_mem_buf(data.data(), static_cast<int>(data.size())));
  if (!bio) throw Error("The crypto library has no memory left.");
  return bio;
}

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

Certificate share_certificate(X509* x509) {
  X509_up_ref(x509);
  return Certificate(std::make_shared<const Certificate::Impl>(Certificate::Impl{X509Ptr(x509)}));
}

namespace {

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

BioPtr write_bio() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio) throw Error("The crypto library has no memory left.");
  return bio;
}

/// Encodes with one of OpenSSL's i2d functions.
template <class Encode, class T>
std::string to_der(Encode encode, T* object) {
  unsigned char* raw = nullptr;
  const int size = encode(object, &raw);
  if (size <= 0) throw Error("The crypto library could not encode an object: " + take_openssl_error() + ".");
  std::string out(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  OPENSSL_free(raw);
  return out;
}

Name read_name(const X509_NAME* name) {
  Name out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* object = X509_NAME_ENTRY_get_object(entry);
    const int nid = OBJ_obj2nid(object);
    std::array<char, 80> dotted{};
    OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()), object, 1);
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) {
      ERR_clear_error();
      continue;  // cannot be converted to text, so no rule can match it
    }
    out.push_back({nid != NID_undef ? OBJ_nid2sn(nid) : dotted.data(),
                   std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size))});
    OPENSSL_free(text);
  }
  return out;
}

NamePtr make_name(const Name& name) {
  NamePtr out(X509_NAME_new());
  for (const auto& [field, value] : name) {
    const auto* text = openssl_bytes(value);
    if (X509_NAME_add_entry_by_txt(out.get(), field.c_str(), MBSTRING_UTF8, text,
                                   static_cast<int>(value.size()), -1, 0) != 1)
      throw BadInput("The name entry " + field + "=" + value +
                     " cannot be put into a certificate: " + take_openssl_error() + ".");
  }
  return out;
}

WallTime read_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    throw BadInput("The certificate's validity is not a time.");
  }
  constexpr auto kFurthest =
      std::chrono::duration_cast<std::chrono::seconds>(WallTime::max().time_since_epoch());
  const std::time_t seconds = ::timegm(&parts);
  if (seconds >= kFurthest.count()) return WallTime::max();
  if (seconds <= -kFurthest.count()) return WallTime::min();
  return WallTime(std::chrono::seconds(seconds));
}

void set_time(ASN1_TIME* target, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  if (ASN1_TIME_set(target, seconds) == nullptr) throw BadInput("A validity time cannot be encoded.");
}

/// Adds a name; takes ownership of `value`.
void push(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(names, name);
}

/// Null if there are no names.
GeneralNamesPtr make_alternative_names(const AlternativeNames& from) {
  if (from.dns_names.empty() && from.ip_addresses.empty()) return nullptr;
  GeneralNamesPtr names(sk_GENERAL_NAME_new_null());
  for (const auto& dns : from.dns_names) {
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size()));
    push(names.get(), GEN_DNS, value);
  }
  for (const auto& ip : from.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(ip.c_str());
    if (value == nullptr) throw BadInput("\"" + ip + "\" is not an IP address.");
    push(names.get(), GEN_IPADD, value);
  }
  return names;
}

AlternativeNames read_alternative_names(const GENERAL_NAMES* names) {
  AlternativeNames out;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const auto* data = ASN1_STRING_get0_data(value);
    const int size = ASN1_STRING_length(value);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (name->type == GEN_DNS) {
      out.dns_names.emplace_back(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    } else if ((size == 4 || size == 16) && ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(),
                                                        static_cast<socklen_t>(text.size())) != nullptr) {
      out.ip_addresses.emplace_back(text.data());
    }
  }
  return out;
}

AlternativeNames names_of(X509* x509) {
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  return read_alternative_names(names.get());
}

void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
using ExtensionsPtr = OpenSslPtr<STACK_OF(X509_EXTENSION), free_extensions>;

AlternativeNames names_of(X509_REQ* request) {
  const ExtensionsPtr extensions(X509_REQ_get_extensions(request));
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return read_alternative_names(names.get());
}

void add_alternative_names(X509* x509, const CertificateTemplate& what) {
  const auto names = make_alternative_names({what.dns_names, what.ip_addresses});
  if (names && X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1)
    throw Error("The alternative names could not be encoded: " + take_openssl_error() + ".");
}

void request_alternative_names(X509_REQ* request, const AlternativeNames& from) {
  const auto names = make_alternative_names(from);
  if (!names) return;
  STACK_OF(X509_EXTENSION)* made = nullptr;
  const int encoded = X509V3_add1_i2d(&made, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
  const ExtensionsPtr extensions(made);
  if (encoded != 1 || X509_REQ_add_extensions(request, extensions.get()) != 1)
    throw Error("The alternative names could not be encoded: " + take_openssl_error() + ".");
}

void add_extension(X509* x509, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
  const OpenSslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(x509, extension.get(), -1) != 1)
    throw Error("A certificate extension could not be encoded: " + take_openssl_error() + ".");
}

void add_usages(X509* x509, const CertificateTemplate& what) {
  add_extension(x509, NID_basic_constraints, what.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(x509, NID_key_usage,
                what.is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,keyEncipherment");
  std::string usages;
  if (what.server_auth) usages = "serverAuth";
  if (what.client_auth) usages += usages.empty() ? "clientAuth" : ",clientAuth";
  if (!usages.empty()) add_extension(x509, NID_ext_key_usage, usages);
}

void set_serial(X509* x509, std::optional<unsigned long> wanted) {
  if (wanted) {
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), *wanted);
    return;
  }
  const OpenSslPtr<BIGNUM, BN_free> number(BN_new());
  if (BN_rand(number.get(), 63, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) == nullptr)
    throw Error("The crypto library made no random serial number: " + take_openssl_error() + ".");
}

Certificate issue(const CertificateTemplate& what, EVP_PKEY* subject_key, const X509* issuer,
                  EVP_PKEY* signer) {
  X509Ptr x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  set_serial(x509.get(), what.serial);
  set_time(X509_getm_notBefore(x509.get()), what.not_before);
  set_time(X509_getm_notAfter(x509.get()), what.not_after);
  const NamePtr subject = make_name(what.subject);
  X509_set_subject_name(x509.get(), subject.get());
  X509_set_issuer_name(x509.get(), issuer != nullptr ? X509_get_subject_name(issuer) : subject.get());
  X509_set_pubkey(x509.get(), subject_key);
  add_usages(x509.get(), what);
  add_extension(x509.get(), NID_subject_key_identifier, "hash");
  add_alternative_names(x509.get(), what);
  if (X509_sign(x509.get(), signer, EVP_sha256()) == 0)
    throw Error("The certificate could not be signed: " + take_openssl_error() + ".");
  // Parse it again, so that the extensions that OpenSSL caches match the encoded certificate.
  return Certificate::from_der(to_der(i2d_X509, x509.get()));
}

Certificate wrap(X509* x509) {
  return Certificate(std::make_shared<const Certificate::Impl>(Certificate::Impl{X509Ptr(x509)}));
}

int refuse_passphrase(char*, int, int, void*) {
  return -1;
}

int openssl_purpose(CertificatePurpose purpose) {
  switch (purpose) {
    case CertificatePurpose::kServer:
      return X509_PURPOSE_SSL_SERVER;
    case CertificatePurpose::kClient:
      return X509_PURPOSE_SSL_CLIENT;
    case CertificatePurpose::kAny:
      break;
  }
  return X509_PURPOSE_ANY;
}

}  // namespace

std::string name_value(const Name& name, std::string_view field) {
  for (const auto& entry : name)
    if (entry.field == field) return entry.value;
  return {};
}

PrivateKey PrivateKey::generate() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) throw Error("The EC key could not be generated: " + take_openssl_error() + ".");
  return PrivateKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

PrivateKey PrivateKey::from_pem(std::string_view pem) {
  KeyPtr key(PEM_read_bio_PrivateKey(read_bio(pem).get(), nullptr, refuse_passphrase, nullptr));
  if (!key) throw BadInput("There is no usable private key in the PEM text: " + take_openssl_error() + ".");
  return PrivateKey(std::make_shared<const Impl>(Impl{std::move(key)}));
}

std::string PrivateKey::pem() const {
  const BioPtr bio = write_bio();
  if (PEM_write_bio_PrivateKey_traditional(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr,
                                           nullptr) != 1)
    throw Error("The private key could not be written: " + take_openssl_error() + ".");
  return drain(bio.get());
}

std::string PrivateKey::der() const {
  return to_der(i2d_PrivateKey, impl_->key.get());
}

std::string PrivateKey::public_der() const {
  return to_der(i2d_PUBKEY, impl_->key.get());
}

Certificate Certificate::from_der(std::string_view der) {
  const auto* at = openssl_bytes(der);
  const auto* end = at + der.size();
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!x509) throw BadInput("The bytes are not a DER certificate: " + take_openssl_error() + ".");
  if (at != end) throw BadInput("There are extra bytes after the DER certificate.");
  return wrap(x509.release());
}

Certificate Certificate::from_pem(std::string_view pem) {
  return all_from_pem(pem).front();
}

std::vector<Certificate> Certificate::all_from_pem(std::string_view pem) {
  const BioPtr bio = read_bio(pem);
  std::vector<Certificate> out;
  while (X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, refuse_passphrase, nullptr))
    out.push_back(wrap(x509));
  const unsigned long code = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  const std::string reason = take_openssl_error();
  if (!at_end) throw BadInput("A certificate in the PEM text is broken: " + reason + ".");
  if (out.empty()) throw BadInput("There is no CERTIFICATE block in the PEM text.");
  return out;
}

std::string Certificate::der() const {
  return to_der(i2d_X509, impl_->x509.get());
}

std::string Certificate::pem() const {
  const BioPtr bio = write_bio();
  if (PEM_write_bio_X509(bio.get(), impl_->x509.get()) != 1)
    throw Error("The certificate could not be written: " + take_openssl_error() + ".");
  return drain(bio.get());
}

Name Certificate::subject() const {
  return read_name(X509_get_subject_name(impl_->x509.get()));
}
Name Certificate::issuer() const {
  return read_name(X509_get_issuer_name(impl_->x509.get()));
}
WallTime Certificate::not_before() const {
  return read_time(X509_get0_notBefore(impl_->x509.get()));
}
WallTime Certificate::not_after() const {
  return read_time(X509_get0_notAfter(impl_->x509.get()));
}

std::vector<std::string> Certificate::dns_names() const {
  return names_of(impl_->x509.get()).dns_names;
}
std::vector<std::string> Certificate::ip_addresses() const {
  return names_of(impl_->x509.get()).ip_addresses;
}

bool Certificate::is_ca() const {
  return X509_check_ca(impl_->x509.get()) == 1;
}

bool Certificate::matches(const PrivateKey& key) const {
  const EVP_PKEY* own = X509_get0_pubkey(impl_->x509.get());
  const bool same = own != nullptr && EVP_PKEY_eq(own, key.impl().key.get()) == 1;
  ERR_clear_error();
  return same;
}

CertificateRequest CertificateRequest::make(const PrivateKey& key, const Name& subject,
                                            const AlternativeNames& names) {
  RequestPtr request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  X509_REQ_set_subject_name(request.get(), make_name(subject).get());
  X509_REQ_set_pubkey(request.get(), key.impl().key.get());
  request_alternative_names(request.get(), names);
  if (X509_REQ_sign(request.get(), key.impl().key.get(), EVP_sha256()) == 0)
    throw Error("The certificate request could not be signed: " + take_openssl_error() + ".");
  return CertificateRequest(std::make_shared<const Impl>(Impl{std::move(request)}));
}

CertificateRequest CertificateRequest::from_der(std::string_view der) {
  const auto* at = openssl_bytes(der);
  const auto* end = at + der.size();
  RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request) throw BadInput("The bytes are not a DER certificate request: " + take_openssl_error() + ".");
  if (at != end) throw BadInput("There are extra bytes after the DER certificate request.");
  return CertificateRequest(std::make_shared<const Impl>(Impl{std::move(request)}));
}

CertificateRequest CertificateRequest::from_pem(std::string_view pem) {
  RequestPtr request(PEM_read_bio_X509_REQ(read_bio(pem).get(), nullptr, refuse_passphrase, nullptr));
  if (!request)
    throw BadInput("There is no usable CERTIFICATE REQUEST block in the PEM text: " + take_openssl_error() +
                   ".");
  return CertificateRequest(std::make_shared<const Impl>(Impl{std::move(request)}));
}

std::string CertificateRequest::pem() const {
  const BioPtr bio = write_bio();
  if (PEM_write_bio_X509_REQ(bio.get(), impl_->request.get()) != 1)
    throw Error("The certificate request could not be written: " + take_openssl_error() + ".");
  return drain(bio.get());
}

std::string CertificateRequest::der() const {
  return to_der(i2d_X509_REQ, impl_->request.get());
}
Name CertificateRequest::subject() const {
  return read_name(X509_REQ_get_subject_name(impl_->request.get()));
}

std::vector<std::string> CertificateRequest::dns_names() const {
  return names_of(impl_->request.get()).dns_names;
}
std::vector<std::string> CertificateRequest::ip_addresses() const {
  return names_of(impl_->request.get()).ip_addresses;
}

bool CertificateRequest::signature_valid() const {
  EVP_PKEY* key = X509_REQ_get0_pubkey(impl_->request.get());
  const bool valid = key != nullptr && X509_REQ_verify(impl_->request.get(), key) == 1;
  ERR_clear_error();
  return valid;
}

bool CertificateRequest::matches(const PrivateKey& key) const {
  const EVP_PKEY* own = X509_REQ_get0_pubkey(impl_->request.get());
  const bool same = own != nullptr && EVP_PKEY_eq(own, key.impl().key.get()) == 1;
  ERR_clear_error();
  return same;
}

Certificate self_sign(const CertificateTemplate& what, const PrivateKey& key) {
  return issue(what, key.impl().key.get(), nullptr, key.impl().key.get());
}

Certificate sign(const CertificateTemplate& what, const PrivateKey& subject_key, const Certificate& ca,
                 const PrivateKey& ca_key) {
  return issue(what, subject_key.impl().key.get(), ca.impl().x509.get(), ca_key.impl().key.get());
}

Certificate sign(const CertificateTemplate& what, const CertificateRequest& request, const Certificate& ca,
                 const PrivateKey& ca_key) {
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.impl().request.get());
  if (key == nullptr)
    throw BadInput("The certificate request holds no usable public key: " + take_openssl_error() + ".");
  return issue(what, key, ca.impl().x509.get(), ca_key.impl().key.get());
}

std::optional<std::string> verify(const Certificate& leaf, const std::vector<Certificate>& roots,
                                  CertificatePurpose purpose, WallTime when) {
  const StorePtr store(X509_STORE_new());
  for (const auto& root : roots) X509_STORE_add_cert(store.get(), root.impl().x509.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf.impl().x509.get(), nullptr) != 1)
    throw Error("The certificate check could not be set up: " + take_openssl_error() + ".");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_purpose(rules, openssl_purpose(purpose));
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(when));
  // Every certificate in tlsCaFile is a trust anchor, even if it is not self-signed, as in Go's pools.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  const bool good = X509_verify_cert(context.get()) == 1;
  const int reason = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (good) return std::nullopt;
  return std::string(X509_verify_cert_error_string(reason));
}

}  // namespace edgecore::net
