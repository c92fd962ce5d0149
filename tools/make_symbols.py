import sys,struct
out={}
for l in sys.stdin:
    p=l.rstrip("\n").split(" ",2)
    if len(p)==3 and p[1] in "TtWw": out.setdefault(int(p[0],16),p[2].split("(")[0])
names=b"";offs=[];ad=sorted(out)
for a in ad: offs.append(len(names)); names+=out[a].encode()+b"\0"
sys.stdout.buffer.write(struct.pack("<II",0x4D595351,len(ad))+struct.pack("<%dI"%len(ad),*ad)+struct.pack("<%dI"%len(ad),*offs)+names)
