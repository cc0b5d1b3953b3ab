package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator/alarmlist"
	"github.com/sluice-aws/sluice/internal/operator/lambdaaccount"
	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/request"
)

const aboutInit = `Init writes a deployment's file: the function, its alias, the strategy and the
alarms. On a terminal it asks for whatever the flags leave out, and proposes
what it finds in AWS: the functions, the aliases, and the alarms that watch the
function. With --yes, or without a terminal, it takes what it proposes; then it
needs --function.

The name of the file says whether it is JSON or YAML.

Without AWS it proposes the alias live and no alarms. Nothing in AWS is changed.
A file that exists is replaced only with --force. The file names its JSON
Schema, so that editors complete it: see 'sluice schema'.

It reads with lambda:ListFunctions, lambda:ListAliases and
cloudwatch:DescribeAlarms.`

const examplesOfInit = `  sluice init
  sluice init --function orders --yes
  sluice init --function orders --alarm orders-5xx --output deployment.yaml`

// patienceOfInit is how long init waits for each of AWS's answers. The person may take longer.
const patienceOfInit = 15 * time.Second

// draft is what init knows of the deployment.
type draft struct {
	account
	function, alias, strategy string
	alarms                    []string
	output                    string
	yes, force                bool

	// createAlias is set if AWS has the function, but not the alias.
	createAlias bool
	// notes are what a person should know about the proposals.
	notes []string
}

func newInit(env environment) *cobra.Command {
	d := draft{account: account{environment: env}}
	cmd := &cobra.Command{
		Use:                   "init [--function NAME] [--yes] [--output FILE]",
		Short:                 "Write a deployment's file",
		Long:                  aboutInit,
		Example:               examplesOfInit,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			switch ext := filepath.Ext(d.output); {
			case len(args) > 0:
				return fmt.Errorf("init takes no arguments, but got %q: name the function with --function", args[0])
			case !slices.Contains([]string{".json", ".yaml", ".yml"}, ext):
				return fmt.Errorf("--output: the name of the file must end in .json, .yaml or .yml, and not in %q", ext)
			case d.function == "" && !d.asks(cmd):
				return errors.New("init needs --function NAME, because nobody can be asked here: --alias, --strategy and --alarm say the rest, or are left to what init finds")
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error { return d.run(cmd) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&d.function, "function", "", "the `NAME` of the function")
	flags.StringVar(&d.alias, "alias", "", "the `ALIAS` whose traffic is shifted")
	flags.StringVar(&d.strategy, "strategy", "", "the `STRATEGY`; default: "+request.CommonStrategies()[0])
	flags.StringArrayVar(&d.alarms, "alarm", nil, "watch this `ALARM`; may be repeated; none: no alarm")
	flags.StringVar(&d.output, "output", "deployment.json", "write this `FILE`")
	flags.BoolVar(&d.yes, "yes", false, "ask nothing, and take what is proposed")
	flags.BoolVar(&d.force, "force", false, "replace a file that exists")
	d.addFlags(cmd)
	return cmd
}

// asks says whether init may ask a person.
func (d draft) asks(cmd *cobra.Command) bool { return !d.yes && screen.IsTerminal(cmd.InOrStdin()) }

func (d draft) run(cmd *cobra.Command) error {
	if _, err := os.Lstat(d.output); err == nil && !d.force {
		return fmt.Errorf("%s exists, and was not changed: choose another file with --output, or replace it with --force", d.output)
	}
	if err := d.fill(cmd); err != nil {
		return err
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	if err := writeNew(d.output, text, d.force); err != nil {
		return err
	}
	return writeText(cmd.OutOrStdout(), d.print)
}

// fill completes the draft from AWS, and from the answers of the person.
func (d *draft) fill(cmd *cobra.Command) error {
	found := proposals{}
	if d.function == "" || d.alias == "" || len(d.alarms) == 0 {
		cfg, err := d.configure(cmd.Context(), "")
		if err != nil {
			d.note("AWS was not asked", err)
		} else {
			found = proposals{cfg: cfg, reaches: true}
		}
	}
	var person *questions
	if d.asks(cmd) {
		person = newQuestions(cmd.InOrStdin(), cmd.ErrOrStderr())
	}
	for _, step := range []func(context.Context, proposals, *questions) error{d.fillFunction, d.fillAlias, d.fillStrategy, d.fillAlarms} {
		ctx, stop := context.WithTimeout(cmd.Context(), patienceOfInit)
		err := step(ctx, found, person)
		stop()
		if err != nil {
			return err
		}
	}
	if person != nil {
		fmt.Fprintln(cmd.ErrOrStderr())
	}
	if slices.Equal(d.alarms, []string{noAlarm}) {
		d.alarms = nil
	}
	return nil
}

// note keeps what went wrong with a proposal. It stops nobody.
func (d *draft) note(what string, err error) {
	d.notes = append(d.notes, fmt.Sprintf("%s: %v", what, err))
}

// proposals asks AWS what may be proposed. It finds nothing if AWS cannot be reached.
type proposals struct {
	cfg     aws.Config
	reaches bool
}

// noAlarm is how a person says that no alarm is watched.
const noAlarm = "none"

func (d *draft) fillFunction(ctx context.Context, found proposals, person *questions) error {
	if d.function != "" || person == nil {
		return nil
	}
	var names []string
	if found.reaches {
		var err error
		if names, err = lambdaaccount.FromConfig(found.cfg).Functions(ctx); err != nil {
			d.note("The functions were not listed", err)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, d.namePrefix()+"-") }) // Sluice's own
	}
	only := ""
	if len(names) == 1 {
		only = names[0]
	}
	var err error
	d.function, err = person.ask("Function", only, names, func(answer string) error {
		_, err := request.Reader{}.Input(quoted(map[string]any{"function": answer}))
		var wrong *request.InputError
		if errors.As(err, &wrong) {
			return errors.New(wrong.Problems[0].Message)
		}
		return err
	})
	return err
}

func (d *draft) fillAlias(ctx context.Context, found proposals, person *questions) error {
	var names []string
	known := false
	if found.reaches && d.alias == "" {
		var err error
		names, err = lambdaaccount.FromConfig(found.cfg).Aliases(ctx, d.function)
		if known = err == nil; !known {
			d.note("The aliases of "+d.function+" were not listed", err)
		}
	}
	if d.alias == "" {
		d.alias = defaultAlias
		if len(names) > 0 && !slices.Contains(names, defaultAlias) {
			d.alias = names[0]
		}
		if person != nil {
			var err error
			d.alias, err = person.ask("Alias", d.alias, names, func(answer string) error {
				if !request.IsAlias(answer) {
					return errors.New(request.NoAlias)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	d.createAlias = known && !slices.Contains(names, d.alias)
	return nil
}

const defaultAlias = "live"

func (d *draft) fillStrategy(_ context.Context, _ proposals, person *questions) error {
	if d.strategy != "" {
		return nil
	}
	names := request.CommonStrategies()
	if d.strategy = names[0]; person == nil {
		return nil
	}
	var err error
	d.strategy, err = person.ask("Strategy (any numbers may stand in it)", d.strategy, names, func(answer string) error {
		_, err := request.Strategy(answer)
		return err
	})
	return err
}

func (d *draft) fillAlarms(ctx context.Context, found proposals, person *questions) error {
	if len(d.alarms) > 0 {
		return nil
	}
	if found.reaches {
		var err error
		if d.alarms, err = alarmlist.FromConfig(found.cfg).Watching(ctx, d.function, d.alias); err != nil {
			d.note("The alarms were not listed", err)
		}
	}
	if person == nil {
		return nil
	}
	return d.askAlarms(person)
}

// askAlarms asks which of the proposed alarms are watched, and for others.
func (d *draft) askAlarms(person *questions) error {
	for i, proposed := range d.alarms {
		answer, err := person.ask(fmt.Sprintf("Watch the alarm %s, yes or no", proposed), "yes", nil, isYesOrNo)
		if err != nil {
			return err
		}
		if answer == "no" {
			d.alarms[i] = ""
		}
	}
	d.alarms = slices.DeleteFunc(d.alarms, func(name string) bool { return name == "" })
	for {
		answer, err := person.ask("Another alarm, by its name or ARN", noAlarm, nil, func(answer string) error {
			_, err := request.Reader{}.Alarm(answer)
			return err
		})
		if err != nil || answer == noAlarm {
			return err
		}
		if !slices.Contains(d.alarms, answer) {
			d.alarms = append(d.alarms, answer)
		}
	}
}

func isYesOrNo(answer string) error {
	if answer != "yes" && answer != "no" {
		return errors.New("is no answer: write yes or no")
	}
	return nil
}

// field is a field of the file that is written.
type field struct {
	name  string
	value any
}

// fields are the fields of the file, in their order.
func (d draft) fields() []field {
	fields := []field{{"function", d.function}, {"alias", d.alias}}
	if d.createAlias {
		fields = append(fields, field{"createAlias", true})
	}
	fields = append(fields, field{"strategy", d.strategy})
	if len(d.alarms) > 0 {
		fields = append(fields, field{"alarms", d.alarms})
	}
	return fields
}

// flagsOfInit are the flags by the fields that they say.
var flagsOfInit = map[string]string{"function": "--function", "alias": "--alias", "strategy": "--strategy", "alarms": "--alarm"}

// text returns the text of the file. It returns an invalidError if what the flags say is no
// deployment.
func (d draft) text() ([]byte, error) {
	var lines []string
	isJSON := filepath.Ext(d.output) == ".json"
	if isJSON {
		lines = append(lines, "  "+string(quoted("$schema"))+": "+string(quoted(schemaURL(thisBuild().Version))))
	}
	whole := map[string]any{}
	for _, f := range d.fields() {
		whole[f.name] = f.value
		if isJSON {
			lines = append(lines, fmt.Sprintf("  %q: %s", f.name, quoted(f.value)))
		} else {
			lines = append(lines, f.name+": "+string(quoted(f.value)))
		}
	}
	_, err := request.Reader{}.Input(quoted(whole))
	var wrong *request.InputError
	if errors.As(err, &wrong) {
		invalid := &invalidError{}
		for _, p := range wrong.Problems {
			name, _, _ := strings.Cut(p.Path, "[")
			invalid.lines = append(invalid.lines, cmp.Or(flagsOfInit[name], p.Path)+": "+p.Message)
		}
		return nil, invalid
	}
	if isJSON {
		return []byte("{\n" + strings.Join(lines, ",\n") + "\n}\n"), err
	}
	return []byte("# yaml-language-server: $schema=" + schemaURL(thisBuild().Version) + "\n" + strings.Join(lines, "\n") + "\n"), err
}

// released matches the versions of releases, and none of a build between two of them.
var released = regexp.MustCompile(`^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$`)

// schemaURL returns the URL of the schema of a version: a release checks files by its own fields,
// and not by later ones.
func schemaURL(version string) string {
	if !released.MatchString(version) {
		return request.SchemaURL
	}
	return strings.Replace(request.SchemaURL, "/main/", "/v"+version+"/", 1)
}

// quoted returns a value as JSON on one line, which YAML reads alike.
func quoted(value any) []byte {
	if list, is := value.([]string); is {
		items := make([]string, len(list))
		for i, item := range list {
			items[i] = string(quoted(item))
		}
		return []byte("[" + strings.Join(items, ", ") + "]")
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // texts and lists of them can always be encoded
	return bytes.TrimRight(text.Bytes(), "\n")
}

// writeNew writes a file. One that exists is replaced only by force.
func writeNew(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and was not changed: replace it with --force", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return cmp.Or(err, file.Close())
}

// unwatched says what watches a deployment without alarms.
func unwatched(strategy string) string {
	if strategy == "AllAtOnce" {
		return "none: nothing watches a deployment that shifts all at once"
	}
	return "none: only the comparison of the two versions can put the traffic back"
}

func (d draft) print(to io.Writer) {
	t := &table{indent: gutter}
	t.add("wrote", d.output)
	t.add("shifts", fmt.Sprintf("lambda:%s:%s", d.function, d.alias))
	if d.createAlias {
		t.addWide(fmt.Sprintf("%s has no alias %s yet: the deployment makes it (createAlias).", d.function, d.alias))
	}
	t.add("strategy", d.strategy)
	t.add("alarms", cmp.Or(strings.Join(d.alarms, ", "), unwatched(d.strategy)))
	t.write(to)
	notes := append(slices.Clone(d.notes), fmt.Sprintf("Sluice may shift %s if it has the tag %s with the value %s, or if the stack's setting functions names it. 'sluice check' says if it may not.",
		d.function, flow.TagAlias, d.alias))
	for _, note := range notes {
		t := &table{indent: gutter}
		t.addWide(note)
		t.write(to)
	}
	fmt.Fprintf(to, "\n%sNext:\n\n%[1]s  sluice plan -f %[2]s%[3]s\n%[1]s  sluice check -f %[2]s%[3]s\n%[1]s  sluice start -f %[2]s --wait%[3]s\n", gutter, quoteForShell(d.output), d.flagsGiven())
}
