package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writeZips writes a zip of each folder, and returns their hashes. The same files give the same
// bytes.
func writeZips(folder string, zips map[string]string) (map[string]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	hashes := map[string]string{}
	for name, of := range zips {
		content, err := zipped(of)
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		hashes[name] = hex.EncodeToString(sum[:])
	}
	return hashes, nil
}

// zipComment makes a zip differ from the one that CDK makes of the same files: Lambda refuses to
// publish code again that it has published last, and then the one could not be deployed after the
// other.
const zipComment = "Sluice, without CDK"

// zipEpoch is the time of all files in a zip, the first one that a zip can have.
var zipEpoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipped returns a zip of a folder's files. Lambda starts a bootstrap only if everybody may
// execute it (Lambda Developer Guide, Working with .zip file archives).
func zipped(folder string) ([]byte, error) {
	var content bytes.Buffer
	w := zip.NewWriter(&content)
	if err := w.SetComment(zipComment); err != nil {
		return nil, err
	}
	root := os.DirFS(folder)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: path, Method: zip.Deflate, Modified: zipEpoch}
		header.SetMode(0o755)
		file, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = file.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
