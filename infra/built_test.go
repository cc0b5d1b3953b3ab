package main

import (
	"bytes"
	"debug/elf"
	byteorder "encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// binary returns the header of a binary for a system, which says all that matters here.
func binary(t *testing.T, class elf.Class, system elf.OSABI, machine elf.Machine) []byte {
	t.Helper()
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), byte(system)}
	var header any = elf.Header64{Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	if class == elf.ELFCLASS32 {
		header = elf.Header32{Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 52}
	}
	var content bytes.Buffer
	require.NoError(t, byteorder.Write(&content, byteorder.LittleEndian, header))
	return content.Bytes()
}

func linux(t *testing.T, machine elf.Machine) []byte {
	t.Helper()
	return binary(t, elf.ELFCLASS64, elf.ELFOSABI_NONE, machine)
}

// writeBuilt makes a folder with the bootstraps of functions.
func writeBuilt(t *testing.T, bootstraps map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for function, content := range bootstraps {
		require.NoError(t, os.Mkdir(filepath.Join(folder, function), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, function, "bootstrap"), content, 0o600))
	}
	return folder
}

func TestFunctionsHaveTheArchitectureOfTheirBinaries(t *testing.T) {
	for machine, want := range map[elf.Machine]string{elf.EM_AARCH64: "arm64", elf.EM_X86_64: "x86_64"} {
		bootstraps := map[string][]byte{}
		for _, function := range functionNames(settings{}) {
			bootstraps[function] = linux(t, machine)
		}
		b, err := readBuilt(writeBuilt(t, bootstraps), functionNames(settings{}))
		require.NoError(t, err)
		a, s := app(t, nil)
		functions := resources(templateOf(t, newStack(a, s, b).stack), "AWS::Lambda::Function")
		require.Len(t, functions, len(functionNames(settings{})))
		for id, f := range functions {
			assert.Equal(t, []any{want}, f["Architectures"], id)
		}
	}
}

// This test is itself a binary that Go has built.
func TestArchitectureOfABinaryThatGoHasBuilt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT CHECKED with a real binary: this test is none for Linux")
	}
	own, err := os.Executable()
	require.NoError(t, err)
	machine, err := machineOf(own)
	require.NoError(t, err)
	assert.Equal(t, runtime.GOARCH, goarch[machine])
}

func TestWhatLambdaCannotRunIsNotDeployed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		second []byte
		says   string
	}{
		"nothing":             {nil, "the Lambda b: it is not built: run make build"},
		"a mixture":           {linux(t, elf.EM_X86_64), "the Lambda a is built for arm64, and b for amd64: run make build"},
		"a script":            {[]byte("#!/bin/sh\nexit 1\n"), "is no binary for Linux: run make build, with GOARCH=arm64"},
		"an empty file":       {[]byte{}, "is no binary for Linux: run make build"},
		"half a header":       {linux(t, elf.EM_AARCH64)[:20], "is no binary for Linux: run make build"},
		"for macOS":           {append([]byte{0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1}, make([]byte, 100)...), "is no binary for Linux: run make build"},
		"for Windows":         {append([]byte("MZ"), make([]byte, 100)...), "is no binary for Linux: run make build"},
		"for FreeBSD":         {binary(t, elf.ELFCLASS64, elf.ELFOSABI_FREEBSD, elf.EM_AARCH64), "another system than Lambda's (EM_AARCH64, ELFCLASS64, ELFOSABI_FREEBSD): run make build"},
		"for 32 bits":         {binary(t, elf.ELFCLASS32, elf.ELFOSABI_NONE, elf.EM_386), "another system than Lambda's (EM_386, ELFCLASS32, ELFOSABI_NONE): run make build"},
		"for another machine": {linux(t, elf.EM_RISCV), "another system than Lambda's (EM_RISCV, ELFCLASS64, ELFOSABI_NONE): run make build"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bootstraps := map[string][]byte{"a": linux(t, elf.EM_AARCH64)}
			if test.second != nil {
				bootstraps["b"] = test.second
			}
			_, err := readBuilt(writeBuilt(t, bootstraps), []string{"a", "b"})
			require.ErrorContains(t, err, test.says)
		})
	}
}
