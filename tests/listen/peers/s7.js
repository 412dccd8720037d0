// SPDX-License-Identifier: Apache-2.0
// Both sides of a recorded S7comm conversation, by snap7 (npm package node-snap7).
//   s7.js server ADDRESS    a controller, until it is ended
//   s7.js client ADDRESS    reads, writes, a clock set, blocks listed, a start and a stop
const snap7 = require('node-snap7');
const [what, address] = process.argv.slice(2);

function server() {
	const s = new snap7.S7Server();
	s.RegisterArea(s.srvAreaDB, 1, Buffer.alloc(64, 7));
	s.RegisterArea(s.srvAreaMK, Buffer.alloc(64));
	if (!s.StartTo(address))
		throw new Error(s.ErrorText(s.LastError()));
	setInterval(() => {}, 1000);
}

function client() {
	const c = new snap7.S7Client();
	if (!c.ConnectTo(address, 0, 2))
		throw new Error(c.ErrorText(c.LastError()));
	const steps = {
		order: () => c.GetOrderCode(),
		cpu: () => c.GetCpuInfo(),
		status: () => c.PlcStatus(),
		read: () => c.DBRead(1, 0, 16),
		write: () => c.DBWrite(1, 0, 4, Buffer.from([1, 2, 3, 4])),
		absent: () => c.DBRead(77, 0, 16),
		clock: () => c.GetPlcDateTime(),
		set: () => c.SetPlcSystemDateTime(),
		blocks: () => c.ListBlocks(),
		upload: () => c.FullUpload(0x41, 1, 1024),
		stop: () => c.PlcStop(),
		start: () => c.PlcHotStart(),
		remove: () => c.Delete(0x41, 9),
		compress: () => c.Compress(500),
	};
	for (const name of Object.keys(steps)) {
		const got = steps[name]();
		console.log(name, got === false ? c.ErrorText(c.LastError()) : 'done');
	}
	c.Disconnect();
}

({ server, client })[what]();
