package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A file is one of an archive.
type file struct {
	name string // with slashes
	mode fs.FileMode
	data []byte
}

func byName(a, b file) int { return strings.Compare(a.name, b.name) }

// readFolder reads the files of a folder for an archive in which they are below a prefix.
func readFolder(folder, prefix string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(folder, name)
		files = append(files, file{name: path.Join(prefix, filepath.ToSlash(below)), mode: 0o644, data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	return files, nil
}

// tarball packs files into an archive of which every byte follows from the files and the time.
func tarball(files []file, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	packed := gzip.NewWriter(&archive) // it names no file and no time
	to := tar.NewWriter(packed)
	for _, f := range slices.SortedFunc(slices.Values(files), byName) {
		header := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: at, Format: tar.FormatUSTAR}
		if err := to.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := to.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := to.Close(); err != nil {
		return nil, fmt.Errorf("end the archive: %w", err)
	}
	if err := packed.Close(); err != nil {
		return nil, fmt.Errorf("end the archive: %w", err)
	}
	return archive.Bytes(), nil
}

// zipped packs files into an archive of which every byte follows from the files and the time.
func zipped(files []file, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	to := zip.NewWriter(&archive)
	for _, f := range slices.SortedFunc(slices.Values(files), byName) {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		part, err := to.CreateHeader(header)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := part.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := to.Close(); err != nil {
		return nil, fmt.Errorf("end the archive: %w", err)
	}
	return archive.Bytes(), nil
}

// writeChecksums writes checksums.txt about the other files of a folder, as sha256sum does.
func writeChecksums(folder string) error {
	files, err := readFolder(folder, "")
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, f := range slices.SortedFunc(slices.Values(files), byName) {
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(f.data), f.name)
	}
	return os.WriteFile(filepath.Join(folder, "checksums.txt"), []byte(list.String()), 0o644)
}
