package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sbomTool writes the bill of materials.
const sbomTool = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"

// A release is one that is being made.
type release struct {
	version string
	out     string    // where the files of the release go
	work    string    // a folder that is removed at the end
	clone   string    // the sources: the commit, tagged
	at      time.Time // of the commit
	// onlyArchives leaves out what takes longest, for a quick look.
	onlyArchives bool
}

// newRelease clones the commit that is checked out in the current folder, and tags the clone.
func newRelease(ctx context.Context, version, out string) (*release, error) {
	out, err := filepath.Abs(out)
	if err != nil {
		return nil, fmt.Errorf("find the folder to write to: %w", err)
	}
	work, err := os.MkdirTemp("", "sluice-release-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	r := &release{version: version, out: out, work: work, clone: filepath.Join(work, "sluice")}
	if err := r.check(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// check makes the clone, and checks that the version's tag is free or is that commit's.
func (r *release) check(ctx context.Context) error {
	if _, err := r.output(ctx, ".", "git", "clone", "--quiet", ".", r.clone); err != nil {
		return err
	}
	tag := "v" + r.version
	if _, err := r.output(ctx, r.clone, "git", "rev-parse", "--quiet", "--verify", "refs/tags/"+tag); err != nil {
		if _, err := r.output(ctx, r.clone, "git", "-c", "tag.gpgSign=false", "tag", tag); err != nil {
			return err
		}
	}
	tagged, err := r.output(ctx, r.clone, "git", "rev-parse", tag+"^{commit}")
	if err != nil {
		return err
	}
	head, err := r.output(ctx, r.clone, "git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	if tagged != head {
		return fmt.Errorf("the tag %s is on the commit %.12s, and %.12s is checked out", tag, tagged, head)
	}
	seconds, err := r.output(ctx, r.clone, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	r.at = time.Unix(unix, 0).UTC()
	return err
}

func (r *release) close() { _ = os.RemoveAll(r.work) }

// make writes all files of the release.
func (r *release) make(ctx context.Context, targets []platform) error {
	if err := os.RemoveAll(r.out); err != nil {
		return fmt.Errorf("empty the folder to write to: %w", err)
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return fmt.Errorf("make the folder to write to: %w", err)
	}
	beside, err := r.documents(ctx)
	if err != nil {
		return err
	}
	for _, p := range targets {
		if err := r.archive(ctx, p, beside); err != nil {
			return err
		}
	}
	if !r.onlyArchives {
		if err := r.pack(ctx); err != nil {
			return err
		}
		if err := r.listMaterials(ctx); err != nil {
			return err
		}
	}
	return writeChecksums(r.out)
}

// archive builds the command for a platform, and packs it with the files that every archive has.
func (r *release) archive(ctx context.Context, p platform, beside []file) error {
	name, suffix, pack := "sluice", ".tar.gz", tarball
	if p.os == "windows" {
		name, suffix, pack = "sluice.exe", ".zip", zipped
	}
	binary := filepath.Join(r.work, p.os, p.arch, name)
	if err := r.build(ctx, binary, p); err != nil {
		return err
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	packed, err := pack(append([]file{{name: name, mode: 0o755, data: data}}, beside...), r.at)
	if err != nil {
		return err
	}
	return r.write(fmt.Sprintf("sluice_%s_%s_%s%s", r.version, p.os, p.arch, suffix), packed)
}

// build builds the command. Go records the version of the clone's tag.
func (r *release) build(ctx context.Context, binary string, p platform) error {
	build := []string{"go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", binary, "./internal/cmd/sluice"}
	return r.run(ctx, []string{"GOOS=" + p.os, "GOARCH=" + p.arch}, build...)
}

// documents writes what every archive has beside the command: the licences, the completions and
// the man pages. The command itself writes the latter two, built for this machine.
func (r *release) documents(ctx context.Context) ([]file, error) {
	sluice := filepath.Join(r.work, "sluice.exe") // any system runs it by this name
	if err := r.run(ctx, nil, "go", "build", "-trimpath", "-buildvcs=true", "-o", sluice, "./internal/cmd/sluice"); err != nil {
		return nil, err
	}
	own, err := os.ReadFile(filepath.Join(r.clone, "LICENSE"))
	if err != nil {
		return nil, fmt.Errorf("read the licence: %w", err)
	}
	modules, err := shippedModules(ctx, r.clone)
	if err != nil {
		return nil, err
	}
	others, err := texts(modules)
	if err != nil {
		return nil, err
	}
	files := []file{{name: "LICENSE", mode: 0o644, data: own}, {name: "THIRD_PARTY_LICENSES", mode: 0o644, data: others}}
	for shell, name := range map[string]string{"bash": "sluice.bash", "zsh": "_sluice", "fish": "sluice.fish", "powershell": "sluice.ps1"} {
		script, err := r.output(ctx, r.work, sluice, "completion", shell)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "completions/" + name, mode: 0o644, data: []byte(script + "\n")})
	}
	manual := filepath.Join(r.work, "man")
	if _, err := r.output(ctx, r.work, sluice, "manual", manual); err != nil {
		return nil, err
	}
	pages, err := readFolder(manual, "man")
	return append(files, pages...), err
}

// pack zips what make package writes: the template and the Lambdas' zips.
func (r *release) pack(ctx context.Context) error {
	files, err := r.packageFiles(ctx)
	if err != nil {
		return err
	}
	packed, err := zipped(files, r.at)
	if err != nil {
		return err
	}
	return r.write("sluice-package_"+r.version+".zip", packed)
}

// packageFiles lists the files of dist/package. A commit whose Makefile has no target package has
// the Lambdas' zips alone.
func (r *release) packageFiles(ctx context.Context) ([]file, error) {
	makefile, err := os.ReadFile(filepath.Join(r.clone, "Makefile"))
	if err != nil {
		return nil, fmt.Errorf("read the Makefile: %w", err)
	}
	if regexp.MustCompile(`(?m)^package:`).Match(makefile) {
		if err := r.run(ctx, nil, "make", "--no-print-directory", "package"); err != nil {
			return nil, err
		}
		return readFolder(filepath.Join(r.clone, "dist", "package"), "")
	}
	if err := r.run(ctx, nil, "make", "--no-print-directory", "build"); err != nil {
		return nil, err
	}
	bootstraps, err := filepath.Glob(filepath.Join(r.clone, "dist", "*", "bootstrap"))
	if err != nil {
		return nil, err
	}
	var zips []file
	for _, name := range bootstraps {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read what was built: %w", err)
		}
		packed, err := zipped([]file{{name: "bootstrap", mode: 0o755, data: data}}, r.at)
		if err != nil {
			return nil, err
		}
		zips = append(zips, file{name: filepath.Base(filepath.Dir(name)) + ".zip", mode: 0o644, data: packed})
	}
	return zips, nil
}

// write writes a file of the release.
func (r *release) write(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(r.out, name), data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// listMaterials writes the SBOM: every module of the command, the Lambdas and the stack. A serial
// number or a time would be others each time. It has the tool's own checksum, which would tell the
// folder that the tool was built in.
func (r *release) listMaterials(ctx context.Context) error {
	return r.run(ctx, []string{"GOFLAGS=-trimpath"}, "go", "run", sbomTool, "mod", "-json", "-std", "-noserial", "-notimestamp",
		"-output", filepath.Join(r.out, "sluice_"+r.version+".cdx.json"))
}

// run runs a command in the clone, and shows what it prints.
func (r *release) run(ctx context.Context, environment []string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = r.clone
	cmd.Env = append(cleanEnvironment(), environment...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return nil
}

// output runs a command, and returns what it prints.
func (r *release) output(ctx context.Context, folder string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = folder
	var problems strings.Builder
	cmd.Stderr = &problems
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(problems.String()))
	}
	return strings.TrimSpace(string(printed)), nil
}

// cleanEnvironment is that of this process, but for what would change the binaries, and what
// the make that called has set.
func cleanEnvironment() []string {
	return append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "MAKEFLAGS=", "MAKELEVEL=0", "MFLAGS=")
}
