import {readFileSync} from 'node:fs';
import {CaptionStyle} from './src/main/captions/style/style.ts';
import {styleExamples} from './bench/eval/style-examples.ts';
const d=JSON.parse(readFileSync('/tmp/dev.json','utf8'));
const STOP=new Set("a an the of on in at to and is are with his her its their in into by for from as up down out over while it he she they there that this some two one other another near next".split(' '));
const tok=(s:string)=>s.toLowerCase().match(/[a-z0-9]+/g)??[];
const cp=(caps:string[],skip:(s:string)=>string=(s)=>s)=>{let h=0,n=0; d.forEach((r:any,i:number)=>{const w=new Set(r.refs.flatMap(tok)); for(const x of tok(skip(caps[i]!))) if(!STOP.has(x)){n++; if(w.has(x))h++;}}); return [h/n,n/d.length];};
console.log('plain',cp(d.map((r:any)=>r.plain)));
const show=process.argv[2]?Number(process.argv[2]):8;
for(const [name,ex] of Object.entries(styleExamples)){
 const st=new CaptionStyle(ex); const {phrases,...p}=st.profile; console.log('\n##',name,JSON.stringify(p), st.steering.lengthPenalty, st.steering.words.length);
 const t=performance.now();
 const caps=d.map((r:any)=>st.write(st.steering.lengthPenalty>1.2?r.b5long:r.b5));
 console.log('ms each',(performance.now()-t)/d.length, 'cp',cp(caps), 'cp content', cp(caps,s=>st.profile.openings.reduce((x,o)=>x.startsWith(o)?x.slice(o.length):x,s)));
 d.slice(0,show).forEach((r:any,i:number)=>console.log('   ',r.plain,' => ',caps[i]));
}
