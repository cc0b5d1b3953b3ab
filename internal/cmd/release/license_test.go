package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const licenses = "../../../.github/LICENSES.md"

const aboutLicenses = `# Licences of what Sluice is built with

These modules are in the binaries of a release: the command ` + "`sluice`" + ` on each system, and the
Lambdas. Their texts are in the file ` + "`THIRD_PARTY_LICENSES`" + ` of each archive. A test compares this
list with what the binaries are built of; ` + "`make golden`" + ` rewrites it.

| module | licence |
|---|---|
`

// A dependency, or a licence of one, does not come in without anybody having seen it.
func TestGoldenTheLicencesOfAllDependenciesAreListed(t *testing.T) {
	t.Parallel()
	modules, err := shippedModules(t.Context(), "../../..")
	require.NoError(t, err)
	require.Greater(t, len(modules), 10)
	list := strings.Builder{}
	list.WriteString(aboutLicenses)
	for _, m := range modules {
		names, err := m.names()
		assert.NoError(t, err)
		fmt.Fprintf(&list, "| %s | %s |\n", m.path, strings.Join(names, ", "))
	}
	if *update {
		require.NoError(t, os.WriteFile(licenses, []byte(list.String()), 0o644))
	}
	listed, err := os.ReadFile(licenses)
	require.NoError(t, err)
	assert.Equal(t, string(listed), list.String(), "read what has changed, then run: make golden")
}

func TestALicenceThatIsNotKnownOrNotAllowedIsRefused(t *testing.T) {
	t.Parallel()
	mit, err := os.ReadFile("../../../LICENSE")
	require.NoError(t, err)
	mpl := "This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy of the MPL was not distributed with this file, You can obtain one at http://mozilla.org/MPL/2.0/.\n"
	gpl := "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.\n"
	tests := []struct {
		name    string
		texts   map[string]string
		want    []string
		problem string
	}{
		{"ours", map[string]string{"LICENSE": string(mit)}, []string{"MIT"}, ""},
		{"two of them", map[string]string{"LICENSE": string(mit), "parser/LICENSE": mpl}, []string{"MIT", "MPL-2.0"}, ""},
		{"a notice beside it", map[string]string{"LICENSE": string(mit), "NOTICE": "made by us"}, []string{"MIT"}, ""},
		{"a notice alone", map[string]string{"NOTICE": "made by us"}, nil, "no licence"},
		{"none", nil, nil, "no licence"},
		{"one of its own", map[string]string{"LICENSE": "Do good with it, and no evil."}, nil, "matches a known licence"},
		{"one that asks for sources", map[string]string{"COPYING": gpl}, nil, "not among those"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := module{path: "example.com/m", licenses: map[string][]byte{}}
			for name, text := range test.texts {
				m.licenses[name] = []byte(text)
			}
			names, err := m.names()
			if test.problem != "" {
				assert.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, names)
		})
	}
}

func TestTheFilesWithLicencesAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]bool{
		"LICENSE": true, "LICENSE.txt": true, "license.md": true, "LICENCE": true, "COPYING": true, "NOTICE": true, "LICENSE-APACHE": true,
		"license.go": false, "README.md": false, "LICENSE.spdx": false,
	} {
		assert.Equal(t, is, isLicense(name), name)
	}
}
