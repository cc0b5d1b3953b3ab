package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// built are the functions' binaries.
type built struct {
	architecture awslambda.Architecture
	// code returns the code of a function.
	code func(function string) awslambda.Code
	// preload is the code of the layer for hooks with version 2 of the JavaScript SDK.
	preload func() awslambda.Code
}

// preloadFolder has the layer's file, relative to cdk.json.
const preloadFolder = "infra/preload"

// readBuilt reads from a folder what make build has written there, a folder for each function.
// The binaries say for which architecture they are: GOARCH may have been anything when they were
// built. Lambda starts a binary for another architecture only to fail (Runtime.InvalidEntrypoint).
func readBuilt(folder string, functions []string) (built, error) {
	var first elf.Machine
	for i, function := range functions {
		machine, err := machineOf(filepath.Join(folder, function, "bootstrap"))
		if err != nil {
			return built{}, fmt.Errorf("the Lambda %s: %w", function, err)
		}
		if i == 0 {
			first = machine
		}
		if machine != first {
			return built{}, fmt.Errorf("the Lambda %s is built for %s, and %s for %s: run make build, which builds all of them for one architecture",
				functions[0], goarch[first], function, goarch[machine])
		}
	}
	return built{
		architecture: architectures[first](),
		code: func(function string) awslambda.Code {
			return awslambda.Code_FromAsset(jsii.String(filepath.Join(folder, function)), nil)
		},
		preload: func() awslambda.Code { return awslambda.Code_FromAsset(jsii.String(preloadFolder), nil) },
	}, nil
}

// The architectures that Lambda has (Lambda Developer Guide, Selecting and configuring an
// instruction set architecture), and Go's names of them.
var (
	architectures = map[elf.Machine]func() awslambda.Architecture{
		elf.EM_AARCH64: awslambda.Architecture_ARM_64,
		elf.EM_X86_64:  awslambda.Architecture_X86_64,
	}
	goarch = map[elf.Machine]string{elf.EM_AARCH64: "arm64", elf.EM_X86_64: "amd64"}
)

// machineOf returns for which of the architectures a binary is.
func machineOf(file string) (elf.Machine, error) {
	const remedy = "run make build, with GOARCH=arm64 (the default) or GOARCH=amd64"
	binary, err := elf.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("it is not built: run make build (%w)", err)
	}
	var format *elf.FormatError
	if errors.As(err, &format) || errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%s is no binary for Linux: %s", file, remedy)
	}
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", file, err)
	}
	defer binary.Close()
	// A binary of Go for Linux names no system (ELFOSABI_NONE), one for FreeBSD does.
	isLinux := binary.OSABI == elf.ELFOSABI_NONE || binary.OSABI == elf.ELFOSABI_LINUX
	if architectures[binary.Machine] == nil || binary.Class != elf.ELFCLASS64 || !isLinux {
		return 0, fmt.Errorf("%s is a binary for another system than Lambda's (%v, %v, %v): %s", file, binary.Machine, binary.Class, binary.OSABI, remedy)
	}
	return binary.Machine, nil
}
