// A vCenter that we did not write, for vcenter-served.bench.ts: prints its URL, and serves until it is ended. Its
// argument is how many machines it shall have. Built with Debian's golang-go and golang-github-vmware-govmomi-dev.
package main

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	machines, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	model := simulator.VPX()
	model.Host = 0
	model.Cluster = 1
	model.ClusterHost = 40
	model.Machine = machines
	if err := model.Create(); err != nil {
		panic(err)
	}
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword("user", "pass")}
	model.Service.TLS = new(tls.Config)
	s := model.Service.NewServer()
	fmt.Println(s.URL)
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
}
