// SPDX-License-Identifier: Apache-2.0
//
// protoc-gen-secl: derives the SECL field table from the options of event.proto.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <memory>

#include "proto/generator/emit.h"
#include "proto/generator/model.h"

namespace {

using google::protobuf::compiler::GeneratorContext;

void write(GeneratorContext& context, const std::string& name, const std::string& text) {
    const std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> stream(context.Open(name));
    google::protobuf::io::CodedOutputStream(stream.get()).WriteString(text);
}

class SeclGenerator final : public google::protobuf::compiler::CodeGenerator {
   public:
    bool Generate(const google::protobuf::FileDescriptor* file, const std::string& /*parameter*/,
                  GeneratorContext* context, std::string* error) const override {
        vedette::generator::Model model;
        if (!vedette::generator::read_model(*file, model, *error))
            return false;
        write(*context, "fields.gen.h", vedette::generator::emit_header());
        write(*context, "fields.gen.cpp", vedette::generator::emit_source(model));
        write(*context, "fields.md", vedette::generator::emit_reference(model));
        write(*context, "fields.tsv", vedette::generator::emit_list(model));
        return true;
    }
    uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace

int main(int argc, char** argv) {
    const SeclGenerator generator;
    return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
