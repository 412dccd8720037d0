// SPDX-License-Identifier: Apache-2.0
// The client of a recorded EtherNet/IP conversation (npm package st-ethernet-ip): enip.js ADDRESS
const { Controller, Tag, TagGroup } = require('st-ethernet-ip');
const dgram = require('dgram');
const address = process.argv[2];

// ListIdentity to the device itself, by hand: the package asks everybody.
function identify() {
	return new Promise((resolve) => {
		const s = dgram.createSocket('udp4'), question = Buffer.alloc(24);
		question.writeUInt16LE(0x63, 0);
		s.on('message', () => s.close(resolve));
		s.send(question, 44818, address);
	});
}

async function main() {
	await identify();
	const plc = new Controller(process.argv[3] === 'connected');
	plc.on('error', (e) => console.log('error', e));
	await plc.connect(address, 0);
	console.log('properties', plc.properties.name);
	const speed = new Tag('Speed'), level = new Tag('Level');
	await plc.readTag(speed);
	await plc.readTag(level);
	console.log('read', speed.value, level.value);
	speed.value = 1500;
	await plc.writeTag(speed);
	const group = new TagGroup();
	group.add(new Tag('Speed'));
	group.add(new Tag('Level'));
	await plc.readTagGroup(group);
	await plc.readTag(new Tag('Absent')).catch((e) => console.log('refused', e.generalStatusCode));
	await plc.disconnect();
}

main().then(() => process.exit(0), (e) => {
	console.log('failed', e);
	process.exit(1);
});
