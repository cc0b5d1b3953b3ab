package lambdaruntime

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// routes are the Runtime API's four.
func (p *process) routes() http.Handler {
	mux := http.NewServeMux()
	const version = "/2018-06-01/runtime"
	mux.HandleFunc("GET "+version+"/invocation/next", p.next)
	mux.HandleFunc("POST "+version+"/invocation/{id}/response", p.response)
	mux.HandleFunc("POST "+version+"/invocation/{id}/error", p.failed)
	mux.HandleFunc("POST "+version+"/init/error", p.initFailed)
	return mux
}

// next hands over the next event as soon as there is one.
func (p *process) next(w http.ResponseWriter, r *http.Request) {
	p.isReady()
	p.mu.Lock()
	busy := p.current != nil
	p.mu.Unlock()
	if busy {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the last invocation has not been answered")
		return
	}
	select {
	case <-r.Context().Done(): // it has gone, or the API is closed
	case i := <-p.work:
		p.take(i)
		header := w.Header()
		header.Set("Content-Type", contentType)
		header.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", p.function.ARN)
		header.Set("Lambda-Runtime-Trace-Id", i.trace)
		_, _ = w.Write(i.payload) // if it has gone, the invocation hears of its end
	}
}

// response takes what the function returned.
func (p *process) response(w http.ResponseWriter, r *http.Request) {
	i := p.working(r.PathValue("id"))
	if i == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "there is no such invocation")
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestReply))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.done()
		i.answer(i.report(errTooLarge, "Response payload size exceeded maximum allowed payload size (%d bytes).", largestReply))
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the response is too large")
	case err != nil:
		return // it broke off; its end says the rest
	default:
		p.done()
		accept(w)
		i.answer(Result{Payload: payload})
	}
}

// failed takes the function's error.
func (p *process) failed(w http.ResponseWriter, r *http.Request) {
	i := p.working(r.PathValue("id"))
	if i == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "there is no such invocation")
		return
	}
	report, err := errorReport(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidErrorShape", err.Error())
		return
	}
	p.done()
	accept(w)
	i.answer(Result{Payload: report, Failed: true})
}

// initFailed takes the error of a process that cannot start. The process ends
// after it.
func (p *process) initFailed(w http.ResponseWriter, r *http.Request) {
	select {
	case <-p.ready:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the process has started already")
		return
	default:
	}
	report, err := errorReport(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidErrorShape", err.Error())
		return
	}
	p.mu.Lock()
	p.initFail = report
	p.mu.Unlock()
	accept(w)
}

// errorReport reads an error's report. One without a type has that of the header,
// and the other way round.
func errorReport(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, largestReply))
	if err != nil {
		return nil, err
	}
	report := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &report); err != nil {
			return nil, err
		}
	}
	if named, _ := report["errorType"].(string); named != "" {
		return text, nil
	}
	report["errorType"] = errUnknown
	if named := r.Header.Get("Lambda-Runtime-Function-Error-Type"); named != "" {
		report["errorType"] = named
	}
	return json.Marshal(report)
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"status":"OK"}`)) // nobody waits for it
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	body, _ := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message}) // strings always marshal
	_, _ = w.Write(body)                                                                        // it may have gone
}
