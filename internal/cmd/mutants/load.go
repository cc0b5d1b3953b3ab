package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// source is a package with its types.
type source struct {
	path   string // its import path
	name   string
	folder string
	files  []*sourceFile
	types  *types.Info
}

// sourceFile is a file of a package, which is not a test.
type sourceFile struct {
	path  string // absolute
	shown string // from the module's root
	text  []byte
	tree  *ast.File
	set   *token.FileSet
	edits []edit
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string
}

// load reads packages by the patterns of the go command, and checks their types. The types of
// what they import come from the compiler's export data.
func load(ctx context.Context, patterns []string) ([]*source, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	wanted, err := list(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, append([]string{"-export", "-deps"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
	}
	set := token.NewFileSet()
	imported := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var sources []*source
	for _, p := range wanted {
		s, err := p.read(root, set)
		if err != nil {
			return nil, err
		}
		if err := s.check(set, imported); err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

func list(ctx context.Context, args ...string) ([]listed, error) {
	out, err := command(ctx, "go", append([]string{"list", "-json=ImportPath,Dir,Name,Export,GoFiles"}, args...)...)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		packages = append(packages, p)
	}
}

func (p listed) read(root string, set *token.FileSet) (*source, error) {
	s := &source{path: p.ImportPath, name: p.Name, folder: p.Dir}
	slices.Sort(p.GoFiles)
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		shown, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, &sourceFile{path: path, shown: filepath.ToSlash(shown), text: text, tree: tree, set: set})
	}
	return s, nil
}

func (s *source) check(set *token.FileSet, imported types.Importer) error {
	var trees []*ast.File
	for _, f := range s.files {
		trees = append(trees, f.tree)
	}
	s.types = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	_, err := (&types.Config{Importer: imported}).Check(s.path, set, trees, s.types)
	return err
}

// command runs a program, and returns what it prints. Its error shows what it complains of.
func command(ctx context.Context, name string, args ...string) ([]byte, error) {
	var out, complaint bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", c, err, complaint.Bytes(), out.Bytes())
	}
	return out.Bytes(), nil
}
