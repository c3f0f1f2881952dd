#pragma once

#include "support/temp_dir.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sys/stat.h>

namespace test {

/// A folder (0700) that goes away with the object.
class TemporaryFolder {
public:
    std::string path(std::string const& name) const { return path_ + "/" + name; }
    std::string const& path() const noexcept { return path_; }
    std::string write(std::string const& name, std::string const& content, mode_t mode = 0600) const {
        std::string const file = path(name);
        std::ofstream(file, std::ios::binary) << content;
        ::chmod(file.c_str(), mode);
        return file;
    }

private:
    TempDir dir_;
    std::string path_ = dir_.path().string();
};

/// An environment variable for the time of a test.
class ScopedVariable {
public:
    ScopedVariable(std::string name, std::string const& value) : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ScopedVariable(ScopedVariable const&) = delete;
    ScopedVariable& operator=(ScopedVariable const&) = delete;
    ~ScopedVariable() { ::unsetenv(name_.c_str()); }

private:
    std::string name_;
};

} // namespace test
