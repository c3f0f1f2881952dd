#pragma once

#include <string>

namespace simulator {

/// A certificate authority made at start, and a leaf of it for every name the simulator answers to.
class TlsIdentity {
public:
    std::string ca_pem;
    std::string certificate_pem;
    std::string key_pem;
    std::string thumbprint; ///< SHA-1 of the leaf, in hexadecimal
};
TlsIdentity make_tls_identity();

/// Written beside and renamed, so that a reader sees all of it or none. False when that failed.
bool write_file_atomically(std::string const& path, std::string const& content);

} // namespace simulator
