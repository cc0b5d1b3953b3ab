package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// A module is one whose code is in a binary of ours.
type module struct {
	path, version string
	licenses      map[string][]byte // the texts, by their paths below the module
}

// builds are what a release ships: the command on each system, and the Lambdas.
var builds = []struct {
	environment string
	packages    []string
}{
	{"GOOS=linux", []string{"-tags=lambda.norpc", "./functions/..."}},
	{"GOOS=linux", []string{"./internal/cmd/sluice"}},
	{"GOOS=darwin", []string{"./internal/cmd/sluice"}},
	{"GOOS=windows", []string{"./internal/cmd/sluice"}},
}

// shippedModules lists the modules that the binaries contain, with the licences that are in the
// folders of the packages that they contain, or above these. The first one is Go's own library.
func shippedModules(ctx context.Context, folder string) ([]module, error) {
	found := map[string]module{}
	goRoot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask Go where it is: %w", err)
	}
	library := module{path: "Go's standard library", licenses: map[string][]byte{}}
	if err := library.read(strings.TrimSpace(string(goRoot)), strings.TrimSpace(string(goRoot))); err != nil {
		return nil, err
	}
	for _, b := range builds {
		list := exec.CommandContext(ctx, "go", append([]string{"list", "-deps",
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}"}, b.packages...)...)
		list.Dir, list.Env = folder, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", b.environment)
		list.Stderr = os.Stderr
		packages, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("list the packages of %v: %w", b.packages, err)
		}
		if err := addModules(found, string(packages)); err != nil {
			return nil, err
		}
	}
	sorted := slices.SortedFunc(maps.Values(found), func(a, b module) int { return strings.Compare(a.path, b.path) })
	return append([]module{library}, sorted...), nil
}

// addModules adds what go list has printed, a package a line.
func addModules(to map[string]module, packages string) error {
	for line := range strings.Lines(packages) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			continue // of the standard library or of Sluice
		}
		m, known := to[fields[0]]
		if !known {
			m = module{path: fields[0], version: fields[1], licenses: map[string][]byte{}}
			to[fields[0]] = m
		}
		if err := m.read(fields[2], fields[3]); err != nil {
			return err
		}
	}
	return nil
}

// read reads the licences in a package's folder and in those above it, up to the module's.
func (m module) read(top, folder string) error {
	for ; len(folder) >= len(top); folder = filepath.Dir(folder) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("look for the licences of %s: %w", m.path, err)
		}
		for _, entry := range entries {
			if entry.IsDir() || !isLicense(entry.Name()) {
				continue
			}
			name := filepath.Join(folder, entry.Name())
			text, err := os.ReadFile(name)
			if err != nil {
				return fmt.Errorf("read a licence of %s: %w", m.path, err)
			}
			below, err := filepath.Rel(top, name)
			if err != nil {
				return fmt.Errorf("place a licence of %s: %w", m.path, err)
			}
			m.licenses[filepath.ToSlash(below)] = text
		}
	}
	return nil
}

// isLicense tells the names of the files that have to go with a binary.
func isLicense(name string) bool {
	name = strings.ToUpper(name)
	if ext := filepath.Ext(name); ext == ".GO" || ext == ".SPDX" {
		return false
	}
	return isNotice(name) || slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "UNLICENSE"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// isNotice tells the files that are passed on and are no licence themselves: those that the Apache
// licence asks for, and a summary of several licences.
func isNotice(name string) bool {
	name = strings.ToUpper(filepath.Base(name))
	return strings.HasPrefix(name, "NOTICE") || strings.HasPrefix(name, "LICENSE-SUMMARY")
}

// allowed are the licences that a binary of ours may be under, by their SPDX names: those that
// ask for nothing but a notice, and the MPL, whose files we do not change.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unlicense"}

// leastCoverage is the part of a licence's text, in per cent, that must be words of known
// licences. The rest is who has the copyright.
const leastCoverage = 75

// names lists the licences of a module. It is an error if one is not known or not allowed.
func (m module) names() ([]string, error) {
	names := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(m.licenses)) {
		if isNotice(name) {
			continue
		}
		scan := licensecheck.Scan(m.licenses[name])
		if scan.Percent < leastCoverage {
			return nil, fmt.Errorf("%s: only %.0f %% of %s matches a known licence", m.path, scan.Percent, name)
		}
		for _, match := range scan.Match {
			if !slices.Contains(allowed, match.ID) {
				return nil, fmt.Errorf("%s: %s has the licence %s, which is not among those that are allowed", m.path, name, match.ID)
			}
			names[match.ID] = true
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no licence that could be found", m.path)
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// texts joins all licences, for the archives. It is an error if one is not allowed.
func texts(modules []module) ([]byte, error) {
	var all bytes.Buffer
	for _, m := range modules {
		if _, err := m.names(); err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(m.licenses)) {
			fmt.Fprintf(&all, "%s\n%s, %s\n\n%s\n\n", strings.Repeat("=", 80), strings.TrimSpace(m.path+" "+m.version), name, bytes.TrimSpace(m.licenses[name]))
		}
	}
	return all.Bytes(), nil
}
